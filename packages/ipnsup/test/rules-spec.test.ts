import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import * as limits from '../src/domain/limits.ts'

const spec = readFileSync(new URL('../../../docs/protocols/ipnsup-rules.md', import.meta.url), 'utf8')

test('the limits of the rules are those of the code, and all of them', () => {
  const told = [...spec.matchAll(/^\| [^|]+ \| (\d+)(?: ms)? \| `([A-Z_]+)` \|$/gm)].map(([, value, name]) => [name!, Number(value)] as const)
  expect(Object.fromEntries(told)).toEqual({ ...limits })
})

test.each(['RECORD_VALUE_INVALID', 'SEQUENCE_USED', 'TOO_MANY_HOPS', 'NAME_LOOP', 'NAME_NOT_FOUND', 'DNSLINK_UNREACHABLE', 'DNSLINK_NOT_FOUND', 'RECORD_OLDER', 'RECORD_NAME_UNKNOWN', 'TOO_MANY_RECORDS'])('the rules name the code %s', code => {
  expect(spec).toContain(`\`${code}\``)
})
