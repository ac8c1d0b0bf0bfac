import '../time/polyfill.ts'
import type { Libp2p } from '@libp2p/interface'
import type { CID } from 'multiformats/cid'
import { AppError } from '../errors/app-error.ts'
import { BLOCK_WAIT_MS, MAX_BLOCK_BYTES, type BlockStore } from './block-store.ts'
import { checkBlock, parseCid } from './check-block.ts'

export interface HeliaBlockStoreDeps {
  /** Folder of the blocks; made when missing. */
  readonly dir: string
  /** Running; stays running when the store is closed. */
  readonly libp2p: Libp2p
  /** Whether the public network is on: then blocks are also looked for through the node's routers. Nothing is announced either way. */
  readonly routed: boolean
}

/**
 * Blocks as files, served to and fetched from peers over bitswap. Helia is loaded here and not before: a node whose tools need no
 * blocks never pays for it.
 */
export async function heliaBlockStore (deps: HeliaBlockStoreDeps): Promise<BlockStore> {
  const { withLibp2pLight } = await import('@helia/libp2p')
  const { withBitswap } = await import('@helia/bitswap')
  const { createHeliaLight } = await import('helia')
  const { FsBlockstore } = await import('blockstore-fs')
  const files = new FsBlockstore(deps.dir)
  await files.open()
  const helia = withBitswap(withLibp2pLight(createHeliaLight({ blockstore: files }), { libp2p: deps.libp2p, router: deps.routed }))
  await helia.start()
  let stopped: Promise<unknown> | undefined

  const getLocal = async (cid: CID): Promise<Uint8Array | undefined> => await files.has(cid) ? await collect(files.get(cid)) : undefined
  return {
    async get (text, { signal } = {}) {
      const cid = parseCid(text)
      signal?.throwIfAborted()
      const local = await getLocal(cid)
      if (local !== undefined) return local
      const timeout = AbortSignal.timeout(BLOCK_WAIT_MS)
      try {
        return await collect(helia.blockstore.get(cid, { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) }))
      } catch (e) {
        signal?.throwIfAborted()
        throw new AppError('BLOCK_NOT_FOUND', 'no peer that is connected gave the block', { exit: 'notFound', cause: e, hints: ["connect to a peer that has it: 'ipkit connect <multiaddr>'"] })
      }
    },
    async put (text, bytes) {
      const cid = parseCid(text)
      checkBlock(cid, bytes)
      await helia.blockstore.put(cid, bytes)
    },
    has: async text => await files.has(parseCid(text)),
    delete: async text => { await helia.blockstore.delete(parseCid(text)) },
    async [Symbol.asyncDispose] () {
      stopped ??= helia.stop()
      await stopped
    },
  }
}

async function collect (source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BLOCK_BYTES) throw new AppError('BLOCK_TOO_LARGE', `a block is over the limit of ${MAX_BLOCK_BYTES} bytes`, { exit: 'refused' })
    chunks.push(chunk)
  }
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Uint8Array.from(Buffer.concat(chunks))
}
