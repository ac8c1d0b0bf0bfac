import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseName } from '@ipkit/core/names/ipns-name'
import { decodeRecord, MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import { nameInside, nameOfFile, toFileBytes } from '../../src/domain/record-file.ts'
import { vectors } from '../record-vectors.ts'
import { NOW, sampleRecord, SELF_NAME, VALUE } from '../sample-names.ts'

test.each(vectors.records.valid)('in a file, it says whose it is and is the same record: $name', async ({ ipnsName, hex }) => {
  const name = parseName(ipnsName)
  const record = decodeRecord(name, Buffer.from(hex, 'hex'))
  const bytes = toFileBytes(name, record.bytes)
  expect(nameInside(bytes)?.text).toBe(ipnsName)
  expect((await verifyRecord(name, bytes)).data).toEqual(record.data)
  expect(toFileBytes(name, bytes)).toEqual(bytes)
})

test('a record of 10 KiB stays as it is, since its key would be over the limit', () => {
  const empty = sampleRecord(NOW, { v2Only: true, value: '/' + 'a'.repeat(300) }).bytes.length - 300
  const record = sampleRecord(NOW, { v2Only: true, value: `/${'a'.repeat(MAX_RECORD_BYTES - empty - 1)}` })
  expect(record.bytes).toHaveLength(MAX_RECORD_BYTES - 1)
  expect(toFileBytes(SELF_NAME, record.bytes)).toBe(record.bytes)
  expect(nameInside(record.bytes)).toBeUndefined()
})

test('other bytes name nobody', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => { expect([undefined, 'string']).toContain(typeof nameInside(bytes)?.text === 'string' ? 'string' : undefined) }))
  expect(nameInside(sampleRecord(NOW, { value: VALUE }).bytes)).toBeUndefined()
})

test.each([
  [`${SELF_NAME.text}.ipns-record`, SELF_NAME.text],
  [`/media/stick/${SELF_NAME.text}.bin`, SELF_NAME.text],
  [`./${SELF_NAME.text}`, SELF_NAME.text],
  ['12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV.ipns-record', SELF_NAME.text],
  [`${SELF_NAME.text}/record`, undefined],
  [`copy of ${SELF_NAME.text}`, undefined],
  ['site.ipns-record', undefined],
  ['-', undefined],
  ['', undefined],
])('a file called %s', (path, name) => { expect(nameOfFile(path)?.text).toBe(name) })
