/** The serialized key that a record brings along, as names are made of it. Spec: libp2p peer ids; docs/protocols/ipns-records.md, "Reading". Pure. */
import { sha256 } from '@noble/hashes/sha2.js'
import { AppError } from '../errors/app-error.ts'

/** A public key of one of the kinds that names have, in its parts. */
export type VerifyingKey =
  /** @property key 32 bytes */
  | { readonly type: 'ed25519', readonly key: Uint8Array }
  /** @property key the compressed point, 33 bytes */
  | { readonly type: 'secp256k1', readonly key: Uint8Array }
  /** Both numbers unsigned, big-endian. */
  | { readonly type: 'rsa', readonly modulus: Uint8Array, readonly exponent: Uint8Array }

export type NameKey = {
  /** What a name of this key is. */
  readonly multihash: Uint8Array
} & VerifyingKey

/** KeyType of the libp2p spec, in its order; ECDSA, 3, is not read. */
const TYPES = ['rsa', 'ed25519', 'secp256k1'] as const
const KEY_BYTES: Readonly<Partial<Record<NameKey['type'], number>>> = { ed25519: 32, secp256k1: 33 }
/** Serializations up to this size stand in the name itself. */
const LONGEST_INLINED = 42
export const MIN_RSA_BITS = 2048
export const MAX_RSA_BITS = 8192
const IDENTITY = 0x00
const SHA2_256 = 0x12
const INTEGER = 0x02
const BIT_STRING = 0x03
const SEQUENCE = 0x30
/** SEQUENCE { OID 1.2.840.113549.1.1.1, NULL } */
const RSA_ENCRYPTION = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]

/**
 * @param bytes protobuf { Type, Data } in its one deterministic form: two fields in their order, lengths in their shortest form
 * @throws AppError RECORD_KEY_INVALID, RECORD_KEY_UNSUPPORTED
 */
export function readNameKey (bytes: Uint8Array): NameKey {
  const [typeTag, typeNumber, dataTag] = bytes
  if (typeTag !== 0x08 || dataTag !== 0x12 || typeNumber! >= 0x80) throw refuse('RECORD_KEY_INVALID', 'the key that the record brings is not the serialization of one')
  const type = TYPES[typeNumber!]
  if (type === undefined) throw refuse('RECORD_KEY_UNSUPPORTED', `keys of the type ${typeNumber}${typeNumber === 3 ? ' (ECDSA)' : ''} are not read; Ed25519, secp256k1 and RSA are`)
  const key = readRest(bytes.subarray(3))
  if (key === undefined || key.length !== (KEY_BYTES[type] ?? key.length)) throw refuse('RECORD_KEY_INVALID', `the ${type} key that the record brings has another length than it says or must have`)
  const multihash = bytes.length <= LONGEST_INLINED ? Uint8Array.of(IDENTITY, bytes.length, ...bytes) : Uint8Array.of(SHA2_256, 32, ...sha256(bytes))
  return type === 'rsa' ? { type, ...readRsa(key), multihash } : { type, key, multihash }
}

/** @returns what stands behind the length when that is all of it; the length is written in one or two bytes, the fewest that do, since a record is 10 KiB at most */
function readRest (bytes: Uint8Array): Uint8Array | undefined {
  const [first = 0, second = 0] = bytes
  const isLong = first >= 0x80
  if (isLong && (second === 0 || second >= 0x80)) return undefined
  const rest = bytes.subarray(isLong ? 2 : 1)
  return rest.length === (isLong ? (first & 0x7f) + second * 0x80 : first) ? rest : undefined
}

/** @param der SubjectPublicKeyInfo of an RSA key (RFC 3279, 2.3.1; RFC 8017, A.1.1) */
function readRsa (der: Uint8Array): { readonly modulus: Uint8Array, readonly exponent: Uint8Array } {
  const algorithm = readDer(der, SEQUENCE)
  const isRsa = algorithm?.rest.length === 0 && RSA_ENCRYPTION.every((byte, i) => algorithm.content[i] === byte)
  const bits = isRsa ? readDer(algorithm.content.subarray(RSA_ENCRYPTION.length), BIT_STRING) : undefined
  const numbers = bits?.rest.length === 0 && bits.content[0] === 0 ? readDer(bits.content.subarray(1), SEQUENCE) : undefined
  const modulus = numbers?.rest.length === 0 ? readDer(numbers.content, INTEGER) : undefined
  const exponent = modulus === undefined ? undefined : readDer(modulus.rest, INTEGER)
  if (modulus === undefined || exponent?.rest.length !== 0) throw refuse('RECORD_KEY_INVALID', 'the RSA key that the record brings is not one in DER')
  const sizeBits = bitLength(modulus.content)
  if (sizeBits < MIN_RSA_BITS || sizeBits > MAX_RSA_BITS) throw refuse('RECORD_KEY_UNSUPPORTED', `the RSA key has ${sizeBits} bits; ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are read`)
  return { modulus: modulus.content, exponent: exponent.content }
}

/** @returns undefined when no value of this type stands at the front. Longer forms of a length are let through: the key's hash holds it to its one form */
function readDer (bytes: Uint8Array, tag: number): { readonly content: Uint8Array, readonly rest: Uint8Array } | undefined {
  const form = bytes[1] ?? 0
  const lengthBytes = form < 0x80 ? 0 : form & 0x7f
  if (bytes[0] !== tag || lengthBytes > 2) return undefined // a record holds no key of 64 KiB
  const start = 2 + lengthBytes
  const end = start + (lengthBytes === 0 ? form : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0))
  return end > bytes.length ? undefined : { content: bytes.subarray(start, end), rest: bytes.subarray(end) }
}

function bitLength (bigEndian: Uint8Array): number {
  const first = bigEndian.findIndex(byte => byte !== 0)
  return first < 0 ? 0 : (bigEndian.length - first) * 8 - (Math.clz32(bigEndian[first]!) - 24)
}

const refuse = (code: string, message: string): AppError => new AppError(code, message, { exit: 'refused' })
