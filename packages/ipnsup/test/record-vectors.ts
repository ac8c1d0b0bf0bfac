import { readFileSync } from 'node:fs'

/** docs/protocols/vectors/ipns-records.json, what of it is read here. */
interface Vectors {
  readonly records: {
    readonly valid: ReadonlyArray<{ name: string, ipnsName: string, hex: string, value: string, sequence: string, validUntil: string, v1: boolean }>
    readonly reject: ReadonlyArray<{ name: string, ipnsName: string, hex: string, code: string }>
  }
}

export const vectors = JSON.parse(readFileSync(new URL('../../../docs/protocols/vectors/ipns-records.json', import.meta.url), 'utf8')) as Vectors
