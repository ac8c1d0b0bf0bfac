import { expect, test } from '@jest/globals'
import { CID } from 'multiformats/cid'
import { plainJson } from '../../src/domain/plain-json.ts'

test('everything that DAG-CBOR holds has a form in JSON', () => {
  const cid = 'bafkqaddwgevxmmraojswg33smq'
  const value = { _a: 1, _b: 18446744073709551615n, _c: Uint8Array.of(1, 2, 250), _d: [null, true, 'x', { _e: CID.parse(cid) }] }
  expect(JSON.parse(JSON.stringify(plainJson(value)))).toEqual({ _a: 1, _b: '18446744073709551615', _c: { '/': { bytes: 'AQL6' } }, _d: [null, true, 'x', { _e: { '/': cid } }] })
})
