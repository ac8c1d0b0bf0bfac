import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { EXIT } from '@ipkit/core/errors/exit-codes'
import { peerIdFromPublicKey } from '@ipkit/core/identity/peer-id'
import { encodeFrame } from '@ipkit/core/streams/frame'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { ackKey, ARGON2ID, linkProofKey, messageId, payloadKeys } from '../src/domain/keys.ts'
import * as limits from '../src/domain/limits.ts'
import { parseBurnLink } from '../src/domain/link.ts'
import { encryptPayload } from '../src/domain/payload.ts'
import { rootCid } from '../src/domain/payload-layout.ts'
import { ackRequest, claimRequest, openRequest, targetOf } from '../src/domain/requests.ts'
import { openSecret, readerPublicKey } from '../src/domain/sealed-key.ts'
import { ERROR_CODES, refusal } from '../src/domain/refusal.ts'
import { BURN_PROTOCOL, decodeAnswer, encodeAnswer, encodeRequest, MESSAGE_STATES, type BurnAnswer, type BurnRequest } from '../src/wire.ts'
import { collect, hex, inPieces, unhex } from './hex.ts'

const spec = readFileSync(new URL('../../../docs/protocols/burn.md', import.meta.url), 'utf8')
/** Rows of the table under a heading, cells trimmed and without backquotes. */
function table (heading: string): string[][] {
  const rest = spec.slice(spec.indexOf(`\n### ${heading}\n`) + 1)
  const rows = rest.slice(0, rest.search(/\n\n|\n#|\n[^|#]/)).split('\n').filter(l => l.startsWith('| '))
  return rows.slice(2).map(row => row.split('|').slice(1, -1).map(cell => cell.replaceAll('`', '').trim()))
}

test('every limit in the specification is the constant of that name, and no constant is missing there', () => {
  expect(Object.fromEntries(table('Limits').map(([name, value]) => [name, Number(value)]))).toEqual({ ...limits })
})

test('the error codes and their exits are those of the specification', () => {
  const rows = table('Errors')
  expect(rows.map(r => r[0])).toEqual([...ERROR_CODES])
  for (const [code, , , exit] of rows) expect([code, EXIT[refusal(code as typeof ERROR_CODES[number], null).exit]]).toEqual([code, Number(exit)])
})

test('the states are those of the specification', () => {
  expect(table('States').map(r => r[0])).toEqual([...MESSAGE_STATES])
})

test('protocol id and Argon2id parameters stand in it', () => {
  expect(spec).toContain(`# The burn protocol: \`${BURN_PROTOCOL}\``)
  expect(spec).toContain(`t = ${ARGON2ID.passes} passes, m = ${ARGON2ID.memoryKiB} KiB, p = ${ARGON2ID.lanes} lane, ${ARGON2ID.sizeBytes} bytes out`)
})

test('an absurd time from a sender does not break the message', () => {
  expect(refusal('locked', 1_700_000_000_000).message).toContain('until 2023-11-14 22:13:20 UTC')
  expect(refusal('read', Number.MAX_SAFE_INTEGER).message).toBe('the message was read')
})

/** Rows of the worked example: a name of up to 20 columns, then hex over one or more lines. */
function workedExample (): Map<string, string> {
  const rows = new Map<string, string>()
  let name = ''
  for (const line of spec.slice(spec.indexOf('## Worked example')).split('\n').filter(l => l.startsWith('    '))) {
    name = line.slice(4, 24).trim() || name
    rows.set(name, (rows.get(name) ?? '') + line.slice(24))
  }
  return rows
}

test('the worked example is what the code does', async () => {
  const rows = workedExample()
  const bytes = (name: string): Uint8Array => unhex(rows.get(name)!)
  const [L, D, salt, nonce] = ['L', 'D', 'salt', 'nonce'].map(bytes) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const link = parseBurnLink(rows.get('link')!)
  expect([hex(link.L), link.root.toString()]).toEqual([rows.get('L'), rows.get('root CID')])
  const keys = payloadKeys({ L, D }, salt)
  expect([messageId(L), linkProofKey(L), ackKey(D), keys.headerKey, keys.streamKey].map(hex)).toEqual(['id', 'linkProofKey', 'ackKey', 'headerKey', 'streamKey'].map(n => rows.get(n)))
  const payload = await collect(encryptPayload(nodeBulkCrypto, { secrets: { L, D }, salt, name: null, content: inPieces(new TextEncoder().encode('hi'), 1), pad: false }))
  expect(hex(payload)).toBe(rows.get('payload'))
  const hash = nodeBulkCrypto.sha256(payload)
  expect(rootCid(nodeBulkCrypto.sha256, payload.length, hash).toString()).toBe(rows.get('root CID'))

  const nonceBytes = 2 + 32
  const readerPublic = bytes('openStatement').subarray(-(32 + nonceBytes + 1), -(nonceBytes + 1)) // before nonce and null
  const target = targetOf(link, peerIdFromPublicKey(readerPublic))
  const claim = claimRequest(target, nonce, readerPublicKey(bytes('reader private key')), undefined)
  expect([hex(claim.statement), hex(claim.request.key)]).toEqual([rows.get('claimStatement'), rows.get('readerKey')])
  const frame = (body: Uint8Array): string => hex(encodeFrame(body, 2000))
  const requests: BurnRequest[] = [{ type: 'hello', nonce: null }, openRequest(target, nonce), { type: 'hashes', from: 0, count: 1 }, { type: 'leaves', from: 0, count: 1 }, claim.request, ackRequest(D, claim.statement)]
  expect(requests.map(r => frame(encodeRequest(r))))
    .toEqual(['1 hello', '3 open', '5 hashes', '5 leaves', '7 claim', '9 ack'].map(n => rows.get(n)))

  const answer = decodeAnswer(bytes('8 answer').subarray(4))
  if (answer.type !== 'answer') throw new Error(answer.type)
  expect(hex(await openSecret(answer, bytes('reader private key'), claim.statement))).toBe(rows.get('D'))
  const info: BurnAnswer = { type: 'info', state: 'unread', size: payload.length, expires: 1_700_000_000_000, passphrase: false, strict: false, reads: 1, left: 1, claims: [], ended: null, locked: null }
  const answers: BurnAnswer[] = [{ type: 'nonce', nonce }, info, { type: 'hash-list', from: 0, hashes: hash }, { type: 'leaf', index: 0 }, answer, { type: 'done' }]
  expect(answers.map(a => frame(encodeAnswer(a))))
    .toEqual(['2 nonce', '4 info', '6 hash-list', '6 leaf', '8 answer', '10 done'].map(n => n === '6 leaf' ? rows.get(n)!.slice(0, -2 * (payload.length + 4)) : rows.get(n)))
})
