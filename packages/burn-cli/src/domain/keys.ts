/** Every key of a message. Pure derivations; who keeps which key is in docs/protocols/burn.md, "Keys". */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { AppError } from '@ipkit/core/errors/app-error'
import { isWellFormed } from '@ipkit/core/schema/well-formed'
import { join, utf8 } from './bytes.ts'
import { ID_BYTES, KEY_BYTES } from './key-sizes.ts'
import { MAX_PASSPHRASE_BYTES } from './limits.ts'

export const SECRET_BYTES = 32

/** RFC 9106, version 0x13, with the parameters of the spec; 32 bytes out. Adapters: hash-wasm in the CLI, noble in the page. */
export type Argon2id = (passphrase: Uint8Array, salt: Uint8Array) => Promise<Uint8Array>

/** Fixed, so that no link and no sender can choose weak ones. Why these: docs/protocols/burn.md, "Keys". */
export const ARGON2ID = { passes: 3, memoryKiB: 32_768, lanes: 1, sizeBytes: 32 } as const

const NO_SALT = new Uint8Array(0)
const derive = (ikm: Uint8Array, salt: Uint8Array, label: string, sizeBytes: number): Uint8Array =>
  hkdf(sha256, ikm, salt, utf8(`ipkit/burn/1 ${label}`), sizeBytes)

/** @param L the link secret, 32 bytes */
export const messageId = (L: Uint8Array): Uint8Array => derive(L, NO_SALT, 'id', ID_BYTES)
export const linkProofKey = (L: Uint8Array): Uint8Array => derive(L, NO_SALT, 'link proof', KEY_BYTES)
/** @param D the one-time secret, 32 bytes @returns what the sender keeps to check an ack; tells nothing of D */
export const ackKey = (D: Uint8Array): Uint8Array => derive(D, NO_SALT, 'ack', KEY_BYTES)
/** @param stretched what `stretchPassphrase` returned */
export const passProofKey = (stretched: Uint8Array): Uint8Array => derive(stretched, NO_SALT, 'passphrase proof', KEY_BYTES)

/**
 * The slow step. The salt depends on L, so whoever holds only the sender's disk cannot try guesses.
 * @param salt of the payload's header, 32 bytes
 * @throws AppError PASSPHRASE_INVALID (empty, over 1024 bytes, not well-formed text)
 */
export async function stretchPassphrase (argon2id: Argon2id, passphrase: string, L: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  return await argon2id(passphraseBytes(passphrase), derive(L, salt, 'argon2 salt', 32))
}

export interface MessageSecrets {
  readonly L: Uint8Array
  readonly D: Uint8Array
  /** What `stretchPassphrase` returned; absent for a message without a passphrase. */
  readonly stretched?: Uint8Array
}

export interface PayloadKeys { readonly headerKey: Uint8Array, readonly streamKey: Uint8Array }

/** @param salt of the payload's header, 32 bytes */
export function payloadKeys (secrets: MessageSecrets, salt: Uint8Array): PayloadKeys {
  for (const part of [secrets.L, secrets.D, salt, ...(secrets.stretched === undefined ? [] : [secrets.stretched])]) {
    if (part.length !== SECRET_BYTES) throw new RangeError(`a key part of ${part.length} bytes; ${SECRET_BYTES} are needed`)
  }
  const K = derive(join(secrets.L, secrets.D, secrets.stretched ?? NO_SALT), salt, 'message', KEY_BYTES)
  return { headerKey: derive(K, NO_SALT, 'header', KEY_BYTES), streamKey: derive(K, NO_SALT, 'stream', KEY_BYTES) }
}

function passphraseBytes (passphrase: string): Uint8Array {
  if (!isWellFormed(passphrase)) throw new AppError('PASSPHRASE_INVALID', 'the passphrase is not well-formed text', { exit: 'usage' })
  const bytes = utf8(passphrase.normalize('NFC'))
  if (bytes.length === 0) throw new AppError('PASSPHRASE_INVALID', 'the passphrase is empty', { exit: 'usage' })
  if (bytes.length > MAX_PASSPHRASE_BYTES) throw new AppError('PASSPHRASE_INVALID', `the passphrase has ${bytes.length} bytes; the limit is ${MAX_PASSPHRASE_BYTES}`, { exit: 'usage' })
  return bytes
}
