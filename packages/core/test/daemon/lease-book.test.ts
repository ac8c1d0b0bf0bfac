import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { LeaseBook } from '@ipkit/core/daemon/lease-book'
import { ManualClock } from '@ipkit/testkit/manual-clock'

let dir: string
let file: string
let clock: ManualClock
beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-leases-')); file = path.join(dir, 'leases.json'); clock = new ManualClock(1_000) })
afterEach(() => { chmodSync(dir, 0o700); rmSync(dir, { recursive: true }) })
const ids = (book: LeaseBook): string[] => book.active().map(l => `${l.service}:${l.id}`)

test('a lease counts until its time, survives a new start, and is one for each service and id', async () => {
  const book = LeaseBook.open(file, clock)
  const burn = book.holder('burn')
  const mail = book.holder('mail')
  await Promise.all([burn.hold('a', { reason: 'unread', untilMs: 2_000 }), mail.hold('a', { reason: 'agent', untilMs: 5_000 }), burn.hold('b', { reason: 'unread', untilMs: 3_000 })])
  await burn.hold('b', { reason: 'unread', untilMs: 4_000 })
  expect(ids(LeaseBook.open(file, clock))).toEqual(['burn:a', 'mail:a', 'burn:b'])
  await mail.release('nothing')
  await burn.release('a')
  expect(ids(book)).toEqual(['mail:a', 'burn:b'])
  clock.advance(2_999)
  expect(ids(book)).toEqual(['mail:a', 'burn:b'])
  clock.advance(1)
  expect(ids(book)).toEqual(['mail:a'])
  await mail.hold('c', { reason: 'r', untilMs: 9_000 })
  expect(readFileSync(file, 'utf8')).not.toContain('burn')
})

test('what cannot be written did not happen, and the next change goes on', async () => {
  const book = LeaseBook.open(path.join(dir, 'missing', 'leases.json'), clock)
  const burn = book.holder('burn')
  await expect(burn.hold('a', { reason: 'unread', untilMs: 2_000 })).rejects.toMatchObject({ code: 'ENOENT' })
  expect(ids(book)).toEqual([])
  const good = LeaseBook.open(file, clock).holder('burn')
  await expect(good.hold('', { reason: 'r', untilMs: 2_000 })).rejects.toMatchObject({ code: 'BAD_VALUE' })
  await good.hold('a', { reason: 'r', untilMs: 2_000 })
})

test.each(['', '{', '{"version":2,"leases":[]}', '{"version":1,"leases":[{}]}'])('a damaged file %j is not guessed at', text => {
  writeFileSync(file, text)
  expect(() => LeaseBook.open(file, clock)).toThrow(expect.objectContaining({ code: 'LEASES_DAMAGED' }))
})
