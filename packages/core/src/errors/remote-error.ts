import { answer, array, check, literal, string, type Infer } from '../schema/schema.ts'
import { AppError, isAppError } from './app-error.ts'
import { messageOf } from './code-of.ts'
import { EXIT, type ExitName } from './exit-codes.ts'

const MAX_HINTS = 16

/** An error as it crosses a process boundary. Spec: docs/protocols/daemon-rpc.md */
export const remoteErrorSchema = answer({
  code: string({ min: 1, max: 64, pattern: /^[A-Z][A-Z0-9_]*$/, what: 'an error code' }),
  message: string({ max: 16 * 1024 }),
  exit: literal(...Object.keys(EXIT) as ExitName[]),
  hints: array(string({ max: 4096 }), { max: MAX_HINTS }),
})
export type RemoteError = Infer<typeof remoteErrorSchema>

/** What is not an AppError is a bug of this side: it crosses as code BUG, without its stack (that goes to this side's log). */
export function toRemoteError (e: unknown): RemoteError {
  const clean = (text: string, max: number): string => text.toWellFormed().slice(0, max)
  if (!isAppError(e)) return { code: 'BUG', message: clean(`unexpected error: ${messageOf(e)}`, 4096), exit: 'bug', hints: ["the node's log has the details: 'ipkit logs'"] }
  return { code: e.code, message: clean(e.message, 16 * 1024), exit: e.exit, hints: e.hints.slice(0, MAX_HINTS).map(h => clean(h, 4096)) }
}

/** The error as the method threw it. @throws AppError BAD_VALUE when `value` is no error line */
export function fromRemoteError (value: unknown): AppError {
  const { code, message, exit, hints } = check(remoteErrorSchema, value, 'error')
  return new AppError(code, message, { exit, hints })
}
