import { codeOf, messageOf } from '@ipkit/core/errors/code-of'

export interface ShownError { readonly code: string, readonly message: string }

const MAX_CODE_CHARACTERS = 64
const MAX_MESSAGE_CHARACTERS = 1024

/** What went wrong as an item among others that went well. */
export function shownError (e: unknown): ShownError {
  return { code: (codeOf(e) ?? 'FAILED').slice(0, MAX_CODE_CHARACTERS), message: messageOf(e).slice(0, MAX_MESSAGE_CHARACTERS).toWellFormed() }
}
