import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { parseName } from '@ipkit/core/names/ipns-name'
import { resolveTarget } from '../domain/resolve-target.ts'
import { ipnsupRpc, listIpnsup } from '../rpc.ts'

/** Shorter than any name is, so a name with a slip in it is not taken for a key. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/

/** The name that a person means: any spelling of it, or a key of our own. @returns canonical text @throws AppError NAME_INVALID */
export async function findName (io: Io, text: string): Promise<string> {
  return await named(io, text, () => parseName(text).text)
}

/** Like `findName`, and names of DNS. */
export async function findTarget (io: Io, text: string): Promise<string> {
  return await named(io, text, () => resolveTarget(text))
}

async function named (io: Io, text: string, read: () => string): Promise<string> {
  try {
    return read()
  } catch (e) {
    if (!KEY.test(text)) throw e
    for await (const { key, name } of listIpnsup(io.node, ipnsupRpc.keys, {}, { repeatable: true })) if (key === text) return name
    throw new AppError('NAME_INVALID', `'${text}' is no IPNS name, and no key here is called so`, { exit: 'usage', hints: ['a name looks like k51… or 12D3Koo…', "see the keys: 'ipnsup key ls'"], cause: e })
  }
}
