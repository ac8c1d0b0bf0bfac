import { expect, test } from '@jest/globals'
import { EXIT } from '@ipkit/core/errors/exit-codes'
import { encodeFrame } from '@ipkit/core/streams/frame'
import { encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { ERROR_CODES, peerRefusal, type ErrorCode } from '../src/domain/peer-refusal.ts'
import { RECORD_TYPE } from '../src/domain/record-type.ts'
import * as limits from '../src/domain/wire-limits.ts'
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest, IPNSUP_PROTOCOL, type ExchangeAnswer, type ExchangeRequest } from '../src/wire.ts'
import { hex } from './hex.ts'
import { exchangeSpec, fromJson, wireVectors } from './wire-vectors.ts'

/** Rows of the table under a heading, cells trimmed and without backquotes. */
function table (heading: string): string[][] {
  const section = exchangeSpec.split(`${heading}\n`)[1]!.split(/\n#/)[0]!
  return section.split('\n').filter(line => line.startsWith('| ')).slice(2).map(row => row.split('|').slice(1, -1).map(cell => cell.replaceAll('`', '').trim()))
}

test('every limit in the specification is the constant of that name, and no constant is missing there', () => {
  expect(Object.fromEntries(table('## Limits').map(([name, value]) => [name, Number(value)]))).toEqual({ ...limits })
})

test('the error codes, what they are here and their exits are those of the specification', () => {
  const rows = table('### Errors')
  expect(rows.map(row => row[0])).toEqual([...ERROR_CODES])
  for (const [code, , here, exit] of rows) {
    const error = peerRefusal(code as ErrorCode)
    expect([code, error.code, EXIT[error.exit]]).toEqual([code, here, Number(exit)])
  }
})

test('protocol id and media type stand in it', () => {
  expect(exchangeSpec).toContain(`| protocol | \`${IPNSUP_PROTOCOL}\` |`)
  expect(exchangeSpec).toContain(`The media type is \`${RECORD_TYPE}\``)
})

test('the types of the messages are those of the vectors and of the code', () => {
  const types = table('### Messages').map(row => row[1])
  expect(types).toEqual([...new Set([...wireVectors.requests, ...wireVectors.answers].map(v => v.value.type))])
  const known = [decodeRequest, decodeAnswer].flatMap(decode => {
    try { decode(encodeStrict({ type: '' })) } catch (e) { return [...(e as Error).message.split('one of ')[1]!.matchAll(/"([a-z]+)"/g)].map(found => found[1]) }
    return []
  })
  expect(types).toEqual(known)
})

/** In the example the record is shortened: its first two and its last two bytes stand there. */
test('the worked example is what the code does', () => {
  const shown = exchangeSpec.split('## Worked example')[1]!.split('\n').filter(line => line.startsWith('    ')).map(line => line.slice(4).split(/ {2,}(?=\d+ bytes|map|")/)[0]!.replace(/\s/g, '')).join('')
  const request = fromJson(wireVectors.requests.find(v => v.value.type === 'hand')!.value) as Extract<ExchangeRequest, { type: 'hand' }>
  const record = hex(request.record)
  const kept = fromJson(wireVectors.answers.find(v => v.value.type === 'kept')!.value) as ExchangeAnswer
  const said = [encodeRequest(request), encodeAnswer(kept)].map(body => hex(encodeFrame(body, limits.MAX_MESSAGE_BYTES))).join('')
  expect(shown).toBe(said.replace(record, `${record.slice(0, 4)}…${record.slice(-4)}`))
})
