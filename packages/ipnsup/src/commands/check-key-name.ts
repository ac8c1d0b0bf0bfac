import { AppError } from '@ipkit/core/errors/app-error'
import { KEY_NAME, MAX_KEY_NAME_CHARACTERS } from '../domain/key-name.ts'

/** @throws AppError KEY_NAME_INVALID for what no key can be called */
export function checkKeyName (key: string): void {
  if (KEY_NAME.test(key) && key.length <= MAX_KEY_NAME_CHARACTERS) return
  throw new AppError('KEY_NAME_INVALID', `no key can be called '${key.slice(0, 80)}': 1 to ${MAX_KEY_NAME_CHARACTERS} letters, digits, dots, dashes and underscores, a letter or digit first`, { exit: 'usage' })
}
