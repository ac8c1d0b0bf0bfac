import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ClockEvidence } from '@ipkit/core/daemon/clock-evidence'
import { ManualClock } from '@ipkit/testkit/manual-clock'

const DAY = 24 * 3_600_000
const START = Date.UTC(2026, 0, 1)
let dir: string
let file: string
beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-clock-')); file = path.join(dir, 'clock.json') })
afterEach(() => { rmSync(dir, { recursive: true }) })

/** A node that ran at `atMs` and noted the time. */
async function ranAt (atMs: number): Promise<void> { await ClockEvidence.open(file, new ManualClock(atMs)).note() }
const openAt = (atMs: number): ClockEvidence => ClockEvidence.open(file, new ManualClock(atMs))

test.each<[string, number, object]>([
  ['the same moment', 0, { state: 'ok' }],
  ['a year of rest', 365 * DAY, { state: 'ok' }],
  ['a correction of some minutes', -4 * 60_000, { state: 'ok' }],
  ['a clock set back by a day', -DAY, { state: 'set-back', byMs: DAY }],
  ['a clock two years ahead', 730 * DAY, { state: 'jumped-forward', byMs: 730 * DAY }],
])('after %s', async (_name, laterMs, state) => {
  await ranAt(START)
  expect(openAt(START + laterMs).state()).toEqual(state)
})

test('what has expired stays expired when the clock is set back', async () => {
  await ranAt(START)
  expect(openAt(START - DAY).clock.now()).toBe(START)
  expect(openAt(START + DAY).clock.now()).toBe(START + DAY)
})

test('a doubted time is not noted, so a wrong year does not stick', async () => {
  await ranAt(START)
  await ranAt(START + 730 * DAY)
  await ranAt(START - DAY)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, latestMs: START })
  expect(openAt(START).state()).toEqual({ state: 'ok' })
})

test.each([-DAY, 730 * DAY])('the user accepts a clock that is off by %i ms, and it is evidence from then on', async byMs => {
  await ranAt(START)
  const evidence = openAt(START + byMs)
  await evidence.accept()
  expect(evidence.state()).toEqual({ state: 'ok' })
  expect(openAt(START + byMs).clock.now()).toBe(START + byMs)
})

test.each(['', 'x', '{"version":1}'])('a damaged file %j is no evidence', text => {
  writeFileSync(file, text)
  expect(openAt(START).state()).toEqual({ state: 'ok' })
})
