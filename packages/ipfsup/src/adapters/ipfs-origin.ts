/** A dist tree on IPFS as an origin: a root, and blocks below it that are each checked against their CID. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { BlockSource } from '../domain/block-source.ts'
import type { DistRoot } from '../domain/dist-root.ts'
import { findInDist, readDistVersions, type ReadSmallFile } from '../domain/dist-tree.ts'
import { MAX_REMEMBERED_BYTES } from '../domain/ipfs-limits.ts'
import type { Origin } from '../domain/origin.ts'
import { rememberedBlocks } from '../domain/remembered-blocks.ts'
import { readSmallUnixfs, readUnixfs } from '../domain/unixfs-file.ts'
import { findUnixfs } from '../domain/unixfs-path.ts'
import { checkedBlocks } from './checked-blocks.ts'

export interface IpfsOriginDeps {
  /** `/ipns/dist.ipfs.tech`, `/ipfs/<CID>`: distName of dist-root.ts */
  readonly name: string
  /** Need not be trusted. */
  readonly blocks: BlockSource
  /** Asked until it has answered once. @throws AppError; the signal's reason */
  root(signal: AbortSignal): Promise<DistRoot>
}

/** What it throws of its blocks is ORIGIN_UNREACHABLE: nobody has them, or who gives them lies. A tree that is none is ORIGIN_ANSWER_INVALID. */
export function ipfsOrigin (deps: IpfsOriginDeps): Origin {
  const { name } = deps
  const blocks = unreachableAs(name, checkedBlocks(deps.blocks))
  const directories = rememberedBlocks(blocks, MAX_REMEMBERED_BYTES)
  let known: DistRoot | undefined
  const root = async (signal: AbortSignal): Promise<DistRoot> => (known ??= await deps.root(signal))
  const find = async (path: string, signal: AbortSignal): Promise<string | undefined> => await findUnixfs(directories, (await root(signal)).cid, path.split('/').slice(1), signal)
  const read: ReadSmallFile = async (path, maxBytes, signal) => {
    const cid = await find(path, signal)
    return cid === undefined ? undefined : { bytes: await readSmallUnixfs(blocks, cid, maxBytes, signal), host: (await root(signal)).host, redirectedBy: [] }
  }
  return {
    name,
    transport: 'ipfs',
    versions: async signal => await readDistVersions(name, read, signal),
    async claim (release, signal) {
      const found = await findInDist(name, release, read, signal)
      if (found === undefined) return undefined
      const { path, ...facts } = found
      const cid = found.cid ?? await find(path, signal) // where nothing says it, the tree itself does
      return { ...facts, cid, origin: name, transport: 'ipfs', proof: (await root(signal)).proof, link: path }
    },
    async open ({ link }, fromByte, signal) {
      const cid = await find(link, signal)
      if (cid === undefined) throw new AppError('ORIGIN_UNREACHABLE', `${name} does not have ${link}`, { exit: 'unreachable' })
      return { fromByte, ...await readUnixfs(blocks, cid, fromByte, signal) }
    },
  }
}

function unreachableAs (name: string, blocks: BlockSource): BlockSource {
  return {
    name: blocks.name,
    async get (cid, signal) {
      try {
        return await blocks.get(cid, signal)
      } catch (e) {
        signal.throwIfAborted()
        if (!isAppError(e)) throw e
        throw new AppError('ORIGIN_UNREACHABLE', `${blocks.name} does not give block ${cid} of ${name}: ${e.message}`, { exit: 'unreachable', hints: e.hints, cause: e })
      }
    },
  }
}
