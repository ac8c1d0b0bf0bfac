import { readFileSync } from 'node:fs'

const folder = new URL('../../../docs/protocols/vectors/', import.meta.url)
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T

export interface CryptoVectors {
  keys: Array<Record<string, string> & { passphrase: string | null }>
  padme: Array<[number, number]>
  payloads: Array<{ title: string, content?: string, contentBytes?: number, name: string | null, pad: boolean, passphrase: string | null, payload?: string, payloadBytes?: number, payloadSha256?: string, root: string }>
  roots: Array<{ sizeBytes: number, root: string }>
  claims: Array<{ title: string, sender: string, reader: string, addressed: boolean, root: string, nonce: string, readerPrivateKey: string, readerKey: string, openStatement: string, openProof: string, claimStatement: string, linkProof: string, passProof: string, enc: string, sealed: string, ackProof: string }>
  httpNonce: { timeMs: number, random: string, processKey: string, nonce: string }
}
export const cryptoVectors = read<CryptoVectors>('burn-crypto.json')

export interface WireVectors {
  requests: Array<{ value: unknown, hex: string }>
  answers: Array<{ value: unknown, hex: string }>
  reject: Array<{ title: string, hex: string }>
}
export const wireVectors = read<WireVectors>('burn-wire.json')

export interface LinkVectors {
  links: Array<{ title: string, link: string, addresses: Array<{ ip: string, port: number }>, sender: string, root: string, L: string, passphrase: boolean, addressed: boolean }>
  rejectLinks: Array<{ title: string, link: string, code: string }>
  webLinks: Array<{ title: string, baseUrl: string, link: string, sender: string, root: string, L: string, passphrase: boolean }>
  rejectWebFragments: Array<{ title: string, fragment: string, code: string }>
}
export const linkVectors = read<LinkVectors>('burn-link.json')

/** The secrets that all vectors share. */
export const count = (from: number, to: number): Uint8Array => Uint8Array.from({ length: to - from }, (_, i) => from + i)
export const L = count(0, 32)
export const D = count(32, 64)
export const SALT = count(64, 96)
/** Content of the larger vectors. */
export const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7 + Math.floor(i / 251)) % 256)
