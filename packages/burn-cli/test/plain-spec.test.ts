import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import * as limits from '../src/domain/plain-limits.ts'
import { SEALED_LEAF_BYTES } from '../src/domain/plain-seal.ts'

const read = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')

test('every limit in the specification is the constant of that name, and no constant is missing there', () => {
  const section = read('protocols/burn-plain.md').split('\n### Limits\n')[1]!.split('\n## ')[0]!
  const rows = [...section.matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \|/gm)].map(([, name, value]) => [name!, value!.trim()])
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(Object.entries(limits).map(([name, value]) => [name, String(value)])))
})

test('the place of a sealed leaf is that of the format', () => {
  expect(read('formats/burn-messages.md')).toContain(`leaf i is at offset i * ${SEALED_LEAF_BYTES.toLocaleString('en')}`)
})
