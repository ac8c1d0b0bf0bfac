import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import * as limits from '../../src/domain/wire-limits.ts'

test('the limits are those of the spec', () => {
  const spec = readFileSync(new URL('../../../../docs/protocols/dedup-sync.md', import.meta.url), 'utf8')
  const stated = Object.fromEntries([...spec.split('## Limits')[1]!.split('\n## ')[0]!.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, name, value]) => [name!, Number(value)] as const))
  expect(stated).toEqual({ ...limits })
})
