import { readFileSync } from 'node:fs'

/** docs/protocols/vectors/ipns-records.json as the tests read it. */
interface Vectors {
  readonly names: {
    readonly valid: ReadonlyArray<{ name: string, text: string, canonical: string, multihash: string, keyType: string, peerId: string, routingKey: string, topic: string }>
    readonly reject: ReadonlyArray<{ name: string, text: string, offset: number }>
  }
  readonly records: {
    readonly valid: ReadonlyArray<{ name: string, ipnsName: string, hex: string, keptAsHex?: string, value: string, sequence: string, validUntil: string, unixNs?: string, ttlNs: string, v1: boolean, extra?: string[] }>
    readonly reject: ReadonlyArray<{ name: string, ipnsName: string, hex: string, code: string }>
  }
  readonly order: ReadonlyArray<{ name: string, ipnsName: string, a: string, b: string, relation: string, better?: 'a' | 'b' }>
}

export const vectors = JSON.parse(readFileSync(new URL('../../../../docs/protocols/vectors/ipns-records.json', import.meta.url), 'utf8')) as Vectors
export const spec = readFileSync(new URL('../../../../docs/protocols/ipns-records.md', import.meta.url), 'utf8')

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
