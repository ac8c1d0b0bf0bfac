/** The first bytes of a payload: readable before the claim, authenticated after it. Spec: docs/protocols/burn.md, "Payload". */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { AppError } from '@ipkit/core/errors/app-error'
import { equalInConstantTime, join, utf8 } from './bytes.ts'
import { SECRET_BYTES } from './keys.ts'
import { altered } from './stream.ts'

const MAGIC = utf8('IPKBURN')
const VERSION = 1
const PASSPHRASE = 1
const HEADER_BYTES = MAGIC.length + 2 + SECRET_BYTES
const MAC_BYTES = 32
/** Header and MAC: what must be fetched before the claim can be judged. */
export const PAYLOAD_HEADER_BYTES = HEADER_BYTES + MAC_BYTES

export interface PayloadHeader {
  readonly passphrase: boolean
  /** 32 bytes */
  readonly salt: Uint8Array
  /** Authenticates the two; checked by `verifyPayloadHeader`. */
  readonly mac: Uint8Array
}

export function encodePayloadHeader (headerKey: Uint8Array, passphrase: boolean, salt: Uint8Array): Uint8Array {
  const header = headerBytes(passphrase, salt)
  return join(header, hmac(sha256, headerKey, header))
}

/**
 * @param bytes at least the first 73 of a payload
 * @throws AppError CONTENT_ALTERED, PAYLOAD_VERSION (made by a newer version)
 */
export function decodePayloadHeader (bytes: Uint8Array): PayloadHeader {
  if (bytes.length < PAYLOAD_HEADER_BYTES || !MAGIC.every((b, i) => bytes[i] === b)) throw altered('the content is not a burn message')
  const version = bytes[MAGIC.length]!
  if (version !== VERSION) throw new AppError('PAYLOAD_VERSION', `the message has version ${version}; this program reads version ${VERSION}`, { exit: 'refused', hints: ['update and try again; nothing was used up'] })
  const flags = bytes[MAGIC.length + 1]!
  if ((flags & ~PASSPHRASE) !== 0) throw altered(`the message has unknown flags ${flags}`)
  return {
    passphrase: flags === PASSPHRASE,
    salt: bytes.slice(HEADER_BYTES - SECRET_BYTES, HEADER_BYTES),
    mac: bytes.slice(HEADER_BYTES, PAYLOAD_HEADER_BYTES),
  }
}

/** @throws AppError KEY_WRONG when the secrets are not those of this payload */
export function verifyPayloadHeader (header: PayloadHeader, headerKey: Uint8Array): void {
  if (equalInConstantTime(hmac(sha256, headerKey, headerBytes(header.passphrase, header.salt)), header.mac)) return
  throw new AppError('KEY_WRONG', 'the released key does not open the message', {
    exit: 'refused', hints: ['the sender is faulty or dishonest; ask for a new message'],
  })
}

function headerBytes (passphrase: boolean, salt: Uint8Array): Uint8Array {
  if (salt.length !== SECRET_BYTES) throw new RangeError(`a salt has ${SECRET_BYTES} bytes, not ${salt.length}`)
  return join(MAGIC, Uint8Array.of(VERSION, passphrase ? PASSPHRASE : 0), salt)
}
