import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import * as limits from '../../src/domain/install-limits.ts'

test('the limits of docs/formats/ipfsup.md, "Installing", are those of the code', () => {
  const text = readFileSync(new URL('../../../../docs/formats/ipfsup.md', import.meta.url), 'utf8')
  const section = text.slice(text.indexOf('## Installing')).split('\n## ', 2)[0]!
  const told = [...section.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, name, value]) => [name, Number(value)])
  expect(Object.fromEntries(told)).toEqual({ ...limits })
})
