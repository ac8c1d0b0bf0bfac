import { expect, test } from '@jest/globals'
import { withDeadline } from '@ipkit/core/time/deadline'
import { ManualClock } from '@ipkit/testkit/manual-clock'

test('the work\'s answer in time, TIMED_OUT to the millisecond otherwise', async () => {
  const clock = new ManualClock()
  expect(await withDeadline(clock, 10, 'it', Promise.resolve(7))).toBe(7)
  let settled = false
  const late = withDeadline(clock, 10, 'the answer', new Promise<never>(() => {}))
  late.catch(() => { settled = true })
  clock.advance(9)
  await new Promise(resolve => setImmediate(resolve))
  expect(settled).toBe(false)
  clock.advance(1)
  await expect(late).rejects.toMatchObject({ code: 'TIMED_OUT', exit: 'timedOut', message: 'the answer did not come within 10 ms' })
})

test('an abort ends the wait with its reason, before and while waiting', async () => {
  const clock = new ManualClock()
  const stop = new AbortController()
  const waiting = withDeadline(clock, 10, 'it', new Promise<never>(() => {}), stop.signal)
  stop.abort(new Error('interrupted'))
  await expect(waiting).rejects.toThrow('interrupted')
  await expect(withDeadline(clock, 10, 'it', Promise.resolve(7), stop.signal)).rejects.toThrow('interrupted')
})

test('work that fails after nobody waits for it any more is not an unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (e: unknown): void => { unhandled.push(e) }
  process.on('unhandledRejection', note)
  try {
    const failing = (async () => { await Promise.resolve(); throw new Error('cut') })()
    await expect(withDeadline(new ManualClock(), 10, 'it', failing, AbortSignal.abort(new Error('interrupted')))).rejects.toThrow('interrupted')
    await new Promise(resolve => setImmediate(resolve))
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})

test('a failure of the work comes through as it is', async () => {
  await expect(withDeadline(new ManualClock(), 10, 'it', Promise.reject(new Error('no')))).rejects.toThrow('no')
})
