/** The text of `identity.key` and of named keys. Format: docs/formats/identity-key.md. */
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import { AppError } from '../errors/app-error.ts'
import { PeerKey, SEED_BYTES } from './peer-key.ts'

const LOG_N = 17
const R = 8
const P = 1
/** scrypt needs 128 * N * r bytes and some; node's own default is a quarter of it. */
const SCRYPT_MEMORY_BYTES = 192 * 1024 * 1024
const SALT_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER = 'ipkit identity key 1'

export interface StoredKey { readonly peerId: string, readonly sealed: boolean }

/** @param passphrase undefined: the seed stands in the file as it is */
export async function formatKeyFile (key: PeerKey, passphrase: string | undefined, randomBytes: (sizeBytes: number) => Uint8Array): Promise<string> {
  if (passphrase === undefined) return [HEADER, `peer ${key.peerId}`, `seed ${base64url(key.exportSeed())}`, ''].join('\n')
  const salt = randomBytes(SALT_BYTES)
  const nonce = randomBytes(NONCE_BYTES)
  const lines = [HEADER, `peer ${key.peerId}`, `scrypt ${LOG_N} ${R} ${P} ${base64url(salt)}`, `nonce ${base64url(nonce)}`]
  const cipher = createCipheriv('chacha20-poly1305', await stretch(passphrase, salt), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(lines.join('\n')), { plaintextLength: SEED_BYTES })
  const sealed = Buffer.concat([cipher.update(key.exportSeed()), cipher.final(), cipher.getAuthTag()])
  return [...lines, `sealed ${base64url(sealed)}`, ''].join('\n')
}

/** Whose key it is, and whether opening it takes a passphrase. @throws AppError KEY_FILE_DAMAGED */
export function inspectKeyFile (text: string): StoredKey {
  const parsed = parse(text)
  return { peerId: parsed.peerId, sealed: parsed.kind === 'sealed' }
}

/**
 * @param passphrase asked only when the key is sealed
 * @throws AppError KEY_FILE_DAMAGED, PASSPHRASE_WRONG
 */
export async function openKeyText (text: string, passphrase: () => Promise<string>): Promise<PeerKey> {
  const parsed = parse(text)
  const key = new PeerKey(parsed.kind === 'plain' ? parsed.seed : await unseal(parsed, await passphrase()))
  if (key.peerId !== parsed.peerId) throw damaged('the key is not the one of the peer id in it')
  return key
}

interface Sealed { readonly kind: 'sealed', readonly peerId: string, readonly salt: Uint8Array, readonly nonce: Uint8Array, readonly sealed: Uint8Array, readonly header: string }
interface Plain { readonly kind: 'plain', readonly peerId: string, readonly seed: Uint8Array }

function parse (text: string): Sealed | Plain {
  const plain = /^(ipkit identity key 1\npeer (?<peer>[1-9A-HJ-NP-Za-km-z]{40,60}))\nseed (?<seed>[\w-]{43})\n$/.exec(text)?.groups
  if (plain !== undefined) return { kind: 'plain', peerId: plain['peer']!, seed: bytes(plain['seed']!, SEED_BYTES) }
  const sealed = /^(?<header>ipkit identity key 1\npeer (?<peer>[1-9A-HJ-NP-Za-km-z]{40,60})\nscrypt 17 8 1 (?<salt>[\w-]{43})\nnonce (?<nonce>[\w-]{16}))\nsealed (?<sealed>[\w-]{64})\n$/.exec(text)?.groups
  if (sealed === undefined) throw damaged(text.startsWith('ipkit identity key ') && !text.startsWith(`${HEADER}\n`) ? 'a newer version wrote it' : 'it is not as ipkit writes it')
  return {
    kind: 'sealed',
    peerId: sealed['peer']!,
    salt: bytes(sealed['salt']!, SALT_BYTES),
    nonce: bytes(sealed['nonce']!, NONCE_BYTES),
    sealed: bytes(sealed['sealed']!, SEED_BYTES + TAG_BYTES),
    header: sealed['header']!,
  }
}

async function unseal (file: Sealed, passphrase: string): Promise<Uint8Array> {
  const decipher = createDecipheriv('chacha20-poly1305', await stretch(passphrase, file.salt), file.nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(file.header), { plaintextLength: SEED_BYTES })
  decipher.setAuthTag(file.sealed.subarray(SEED_BYTES))
  try {
    return Buffer.concat([decipher.update(file.sealed.subarray(0, SEED_BYTES)), decipher.final()])
  } catch {
    throw new AppError('PASSPHRASE_WRONG', 'the passphrase does not open the key', { exit: 'refused' })
  }
}

async function stretch (passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return await new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, { N: 2 ** LOG_N, r: R, p: P, maxmem: SCRYPT_MEMORY_BYTES }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

const base64url = (raw: Uint8Array): string => Buffer.from(raw).toString('base64url')

function bytes (text: string, sizeBytes: number): Uint8Array {
  const raw = Buffer.from(text, 'base64url')
  if (raw.length !== sizeBytes || base64url(raw) !== text) throw damaged('a field is not canonical base64url')
  return raw
}

function damaged (why: string): AppError {
  return new AppError('KEY_FILE_DAMAGED', `the key cannot be read: ${why}`, { exit: 'failed', hints: ["restore it with 'ipkit restore'; a new key would be another identity"] })
}
