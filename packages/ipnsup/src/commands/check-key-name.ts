import { AppError } from '@ipkit/core/errors/app-error'

/** @throws AppError KEY_NAME_INVALID for what no key can be called */
export function checkKeyName (key: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(key)) return
  throw new AppError('KEY_NAME_INVALID', `no key can be called '${key.slice(0, 80)}': 1 to 64 letters, digits, dots, dashes and underscores, a letter or digit first`, { exit: 'usage' })
}
