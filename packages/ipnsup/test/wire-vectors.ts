import { readFileSync } from 'node:fs'
import { nameFromMultihash } from '@ipkit/core/names/ipns-name'
import { unhex } from './hex.ts'

/** docs/protocols/vectors/ipnsup-wire.json as the tests read it. */
export interface WireVectors {
  readonly requests: ReadonlyArray<{ readonly value: { readonly type: string }, readonly hex: string }>
  readonly answers: ReadonlyArray<{ readonly value: { readonly type: string }, readonly hex: string }>
  readonly reject: ReadonlyArray<{ readonly title: string, readonly hex: string }>
}
export const wireVectors = JSON.parse(readFileSync(new URL('../../../docs/protocols/vectors/ipnsup-wire.json', import.meta.url), 'utf8')) as WireVectors
export const exchangeSpec = readFileSync(new URL('../../../docs/protocols/ipnsup.md', import.meta.url), 'utf8')

/** A message of the vectors, as the code has it. */
export function fromJson (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { $bytes, $name } = value as { $bytes?: string, $name?: string }
  if ($bytes !== undefined) return unhex($bytes)
  if ($name !== undefined) return nameFromMultihash(unhex($name))
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fromJson(v)]))
}
