import { AppError } from '@ipkit/core/errors/app-error'

/** What a key may be called, as the node has it: docs/formats/identity-key.md, "keys/". */
export const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
/** Shorter than any IPNS name is, so a name with a slip in it is not taken for a key. */
export const MAX_KEY_CHARACTERS = 40
const SELF = 'self'

/** @throws AppError KEY_NAME_INVALID for what no key can be called */
export function checkKeyName (key: string): string {
  if (KEY_NAME.test(key) && key.length <= MAX_KEY_CHARACTERS) return key
  throw new AppError('KEY_NAME_INVALID', `no key can be called '${key.slice(0, 80)}': 1 to ${MAX_KEY_CHARACTERS} letters, digits, dots, dashes and underscores, a letter or digit first`, { exit: 'usage' })
}

/**
 * The key that a file is published under when none is named: called as the file is, as far as keys can be.
 * @param file base name
 * @throws AppError KEY_NAME_INVALID where nothing of the name is left, or it is the home's own
 */
export function keyForFile (file: string): string {
  const key = file.normalize('NFKD').replace(/\p{M}/gu, '').replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[._-]+/, '').slice(0, MAX_KEY_CHARACTERS).replace(/[.-]+$/, '')
  if (key !== '' && key !== SELF) return key
  throw new AppError('KEY_NAME_INVALID', `no key can be called after '${file.slice(0, 80)}'`, { exit: 'usage', hints: ['name one: --name photos'] })
}
