/** Private keys as IPFS programs hand them over: docs/formats/exported-key.md. Ed25519 only. Pure: that a public key belongs to its seed is the caller's to check. */
import { AppError } from '@ipkit/core/errors/app-error'
import { base64pad } from 'multiformats/bases/base64'

export type KeyFormat = 'libp2p' | 'pem'

export interface ExportedKey {
  /** RFC 8032, 32 bytes. */
  readonly seed: Uint8Array
  /** The public key that stands beside it, 32 bytes; undefined in PEM. */
  readonly publicKey: Uint8Array | undefined
}

export const MAX_KEY_FILE_BYTES = 8192
const SEED_BYTES = 32
const KEY_BYTES = 64
const TYPES = ['RSA', 'Ed25519', 'secp256k1', 'ECDSA'] as const
const ED25519 = 1
/** RFC 8410, 7: PrivateKeyInfo of Ed25519 in DER, before the seed. */
const PKCS8_HEAD = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]
const PEM = /^-----BEGIN PRIVATE KEY-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END PRIVATE KEY-----\s*$/
const ONLY_ED25519 = 'Ed25519 keys are imported; names of RSA and secp256k1 keys are read, not published'

/** @param publicKey of `seed`; both 32 bytes */
export function encodeExportedKey (format: KeyFormat, seed: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (format === 'libp2p') return Uint8Array.of(0x08, ED25519, 0x12, KEY_BYTES, ...seed, ...publicKey)
  const body = base64pad.baseEncode(Uint8Array.of(...PKCS8_HEAD, ...seed))
  return new TextEncoder().encode(`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`)
}

/** @param bytes in either format, told apart by how it begins; no message repeats a byte of it @throws AppError KEY_FILE_INVALID, KEY_FILE_SEALED, KEY_TYPE_UNSUPPORTED */
export function decodeExportedKey (bytes: Uint8Array): ExportedKey {
  const text = new TextDecoder().decode(bytes)
  if (text.startsWith('-----BEGIN ')) return decodePem(text)
  if (text.startsWith('ipkit identity key ')) throw invalid('it is a key as a home keeps it', ["write a copy where it is: 'ipnsup key export <key> -o FILE'"])
  return decodeLibp2p(bytes)
}

function decodePem (text: string): ExportedKey {
  if (/-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(text)) throw new AppError('KEY_FILE_SEALED', 'the key is encrypted', { exit: 'usage', hints: ["decrypt it first: 'openssl pkcs8 -in FILE -out OPENED'"] })
  const body = PEM.exec(text)?.[1]?.replace(/\s/g, '')
  if (body === undefined) throw invalid('no PEM with one PRIVATE KEY')
  const der = readBase64(body)
  if (der === undefined) throw invalid('its base64 is damaged')
  if (der.length !== PKCS8_HEAD.length + SEED_BYTES || PKCS8_HEAD.some((byte, i) => der[i] !== byte)) throw new AppError('KEY_TYPE_UNSUPPORTED', 'the PEM holds no Ed25519 key in the form of RFC 8410', { exit: 'usage', hints: [ONLY_ED25519] })
  return { seed: der.slice(PKCS8_HEAD.length), publicKey: undefined }
}

/** protobuf { Type, Data } as in libp2p's peer id specification; Data is seed and public key, and in early files the public key a second time. */
function decodeLibp2p (bytes: Uint8Array): ExportedKey {
  const [typeTag, type, dataTag] = bytes
  if (typeTag !== 0x08 || dataTag !== 0x12 || TYPES[type!] === undefined) throw invalid('neither a libp2p key nor PEM')
  if (type !== ED25519) throw new AppError('KEY_TYPE_UNSUPPORTED', `the key is of the type ${TYPES[type!]}`, { exit: 'usage', hints: [ONLY_ED25519] })
  const data = bytes.subarray(4)
  const isEarly = data.length === KEY_BYTES + SEED_BYTES
  if (bytes[3] !== data.length || (data.length !== KEY_BYTES && !isEarly)) throw invalid(`it has ${bytes.length} bytes, and an Ed25519 key has ${4 + KEY_BYTES}`)
  const publicKey = data.slice(SEED_BYTES, KEY_BYTES)
  if (isEarly && data.subarray(KEY_BYTES).some((byte, i) => byte !== publicKey[i])) throw invalid('its two copies of the public key differ')
  return { seed: data.slice(0, SEED_BYTES), publicKey }
}

/** Of 48 bytes, and no others fit, there is one spelling. */
function readBase64 (text: string): Uint8Array | undefined {
  try {
    return base64pad.baseDecode(text)
  } catch {
    return undefined
  }
}

const invalid = (problem: string, hints: readonly string[] = ["see 'ipnsup key import --help'"]): AppError => new AppError('KEY_FILE_INVALID', `not a key that can be imported: ${problem}`, { exit: 'usage', hints })
