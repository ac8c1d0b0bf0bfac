import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import * as limits from '../src/domain/wire-limits.ts'

const spec = readFileSync(new URL('../../../docs/formats/ipfsup.md', import.meta.url), 'utf8').split('\n## Origins\n')[1]!.split('\n## ')[0]!

test('the limits are those of the specification, and no constant is missing there', () => {
  const told = [...spec.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|$/gm)].map(([, name, value]) => [name!, Number(value)] as const)
  expect(Object.fromEntries(told)).toEqual({ ...limits })
})

test.each(['RELEASE_IS_STUB', 'RELEASE_CHANGED', 'ORIGIN_ALONE', 'ORIGINS_DISAGREE', 'HASH_UNPROVEN', 'HASH_MISSING'])('the specification names the code %s', code => {
  expect(spec).toContain(`\`${code}\``)
})
