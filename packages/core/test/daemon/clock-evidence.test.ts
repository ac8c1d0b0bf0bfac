import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
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

describe('with a steady clock, which tells a rest from a jump', () => {
  /** Opened, noted, and then so much passed and so much more was put on the clock. */
  async function after ({ passedMs, jumpMs, reboot = false, restart = false }: { passedMs: number, jumpMs: number, reboot?: boolean, restart?: boolean }): Promise<ClockEvidence> {
    const system = new ManualClock(START)
    let bootMs = START - 3_600_000
    let id = 'boot 1'
    const steady = { get id () { return id }, readMs: () => passed + START - bootMs }
    let passed = 0
    const evidence = ClockEvidence.open(file, system, steady)
    await evidence.note()
    passed += passedMs
    system.set(START + passedMs + jumpMs)
    if (reboot) { id = 'boot 2'; bootMs = START + passed - 1000; passed = 0 }
    return reboot || restart ? ClockEvidence.open(file, system, { id, readMs: steady.readMs }) : evidence
  }

  test.each<[string, Parameters<typeof after>[0], object]>([
    ['a month of sleep', { passedMs: 30 * DAY, jumpMs: 0 }, { state: 'ok' }],
    ['two years of sleep', { passedMs: 730 * DAY, jumpMs: 0 }, { state: 'ok' }],
    ['a correction of an hour', { passedMs: 1000, jumpMs: 3_600_000 }, { state: 'ok' }],
    ['a jump of a day and a second', { passedMs: 1000, jumpMs: DAY + 1000 }, { state: 'jumped-forward', byMs: DAY + 1000 }],
    ['a jump of two days after a month of sleep', { passedMs: 30 * DAY, jumpMs: 2 * DAY }, { state: 'jumped-forward', byMs: 2 * DAY }],
    ['a jump of two days while no node ran', { passedMs: 1000, jumpMs: 2 * DAY, restart: true }, { state: 'jumped-forward', byMs: 2 * DAY }],
    ['a month off, and a new boot', { passedMs: 30 * DAY, jumpMs: 0, reboot: true }, { state: 'ok' }],
    ['two years ahead at a new boot', { passedMs: 1000, jumpMs: 730 * DAY, reboot: true }, { state: 'jumped-forward', byMs: 730 * DAY + 1000 }],
    ['a clock set back by an hour', { passedMs: 1000, jumpMs: -3_600_000 }, { state: 'set-back', byMs: 3_600_000 - 1000 }],
  ])('%s', async (_name, what, state) => {
    expect((await after(what)).state()).toEqual(state)
  })

  test('a jump is not noted until the user accepts it', async () => {
    const evidence = await after({ passedMs: 1000, jumpMs: 2 * DAY })
    await evidence.note()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, latestMs: START, steady: { id: 'boot 1', ms: 3_600_000 } })
    await evidence.accept()
    expect(evidence.state()).toEqual({ state: 'ok' })
    expect(evidence.clock.now()).toBe(START + 2 * DAY + 1000)
  })
})
