import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { MAX_WANTS } from '../../src/net/bitswap-wire.ts'
import * as limits from '../../src/net/limits.ts'

const spec = readFileSync(new URL('../../../../docs/protocols/network.md', import.meta.url), 'utf8')

test('the limits are those of the spec, each with a row of its own', () => {
  const stated = [...spec.split('## Limits')[1]!.split('\n## ')[0]!.matchAll(/^\| (?!limit|---)[^|]+ \| (\d+) \|$/gm)].map(row => Number(row[1])).sort((a, b) => a - b)
  const { WRITE_PIECE_BYTES: _ours, ...shared } = limits // how we cut our own writes is nobody else's business
  expect(stated).toEqual([...Object.values(shared), MAX_WANTS].sort((a, b) => a - b))
})
