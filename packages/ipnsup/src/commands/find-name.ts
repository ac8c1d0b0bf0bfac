import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { readDomain } from '../domain/domain-name.ts'
import { KEY_NAME } from '../domain/key-name.ts'
import { ipnsupRpc, listIpnsup } from '../rpc.ts'

/** How we print a name. The node reads it anyway; to read it here too would cost a warm command as much as all else it does. */
const AS_PRINTED = /^k[0-9a-z]{54,63}$/
/** Shorter than any name is, so a name with a slip in it is not taken for a key. */
export const MAX_KEY_CHARACTERS = 40

/** May it be what a key is called? */
export const isKeyText = (text: string): boolean => text.length <= MAX_KEY_CHARACTERS && KEY_NAME.test(text)

/** The name that a person means: any spelling of it, or a key of our own. @returns canonical text, or what looks like it @throws AppError NAME_INVALID */
export async function findName (io: Io, text: string): Promise<string> {
  if (AS_PRINTED.test(text)) return text
  const { parseName } = await import('@ipkit/core/names/ipns-name')
  try {
    return parseName(text).text
  } catch (e) {
    if (!isKeyText(text)) throw e
    for await (const { key, name } of listIpnsup(io.node, ipnsupRpc.keys, {}, { repeatable: true })) if (key === text) return name
    throw new AppError('NAME_INVALID', `'${text}' is no IPNS name, and no key here is called so`, { exit: 'usage', hints: ['a name looks like k51… or 12D3Koo…', "see the keys: 'ipnsup key ls'"], cause: e })
  }
}

/** Like `findName`, and names of DNS, in lower case. */
export async function findTarget (io: Io, text: string): Promise<string> {
  return readDomain(text) ?? await findName(io, text)
}
