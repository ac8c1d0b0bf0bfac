import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { burnRpc, listBurn } from '../rpc.ts'

const FULL_ID = /^[0-9a-f]{32}$/
const BEGINNING = /^[0-9a-f]{4,31}$/

/**
 * The message of this sender that a person names: its id, or the beginning of it.
 * @throws AppError ID_INVALID, ID_AMBIGUOUS, MESSAGE_UNKNOWN
 */
export async function messageIdOf (io: Io, text: string): Promise<string> {
  const wanted = text.toLowerCase()
  if (FULL_ID.test(wanted)) return wanted
  if (!BEGINNING.test(wanted)) throw new AppError('ID_INVALID', `${/^[\w.-]{1,40}$/.test(text) ? `'${text}' is no message id: that` : 'a message id'} is 32 hex digits, or at least the first 4 of them`, { exit: 'usage', hints: ["see 'burn ls'"] })
  const found: string[] = []
  for await (const { id } of listBurn(io.node, burnRpc.list, {}, { repeatable: true })) if (id.startsWith(wanted)) found.push(id)
  if (found.length === 1) return found[0]!
  if (found.length === 0) throw new AppError('MESSAGE_UNKNOWN', `there is no message '${wanted}' here`, { exit: 'notFound', hints: ["see 'burn ls'"] })
  throw new AppError('ID_AMBIGUOUS', `${found.length} messages begin with '${wanted}'`, { exit: 'usage', hints: ['give more of the id', "see 'burn ls --json'"] })
}
