import { describe, expect, test } from '@jest/globals'
import { afterTry, handoverOf, isPublished, nextTryMs, NO_HANDOVER, type Handover } from '../../src/domain/handover.ts'
import { AGAIN_MS, FIRST_PAUSE_MS, MAX_PAUSE_MS, MAX_PLACES } from '../../src/domain/limits.ts'

const hash = new Uint8Array(32).fill(1)
const other = new Uint8Array(32).fill(2)
const error = { code: 'PEER_UNREACHABLE', message: 'no' }
const entry = (handover: Handover, place: string): Handover['places'][number] => handover.places.find(p => p.place === place)!
const failed = (times: number): Handover => Array.from({ length: times }).reduce<Handover>(h => afterTry(h, hash, 'x', 1000, error), NO_HANDOVER)

test('published is what one place has confirmed, of this record', () => {
  const done = afterTry(afterTry(NO_HANDOVER, hash, 'x', 1, error), hash, 'y', 2, undefined)
  expect([isPublished(NO_HANDOVER, hash), isPublished(failed(3), hash), isPublished(done, hash), isPublished(done, other)]).toEqual([false, false, true, false])
})

test('with another record every place waits again, at once', () => {
  const before = afterTry(failed(5), hash, 'y', 2, undefined)
  const after = handoverOf(before, other)
  expect(after.places.map(p => [p.place, p.done, p.failures, nextTryMs(p)])).toEqual([['x', false, 0, 0], ['y', false, 0, 0]])
  expect(handoverOf(before, hash)).toBe(before)
})

test.each([[1, FIRST_PAUSE_MS], [2, 2 * FIRST_PAUSE_MS], [5, 16 * FIRST_PAUSE_MS], [11, MAX_PAUSE_MS], [2000, MAX_PAUSE_MS]])('after %i failures in a row it pauses %i ms', (times, pauseMs) => {
  expect(nextTryMs(entry(failed(times), 'x'))).toBe(1000 + pauseMs)
})

describe('a place that has the record', () => {
  const done = afterTry(failed(3), hash, 'x', 5000, undefined)

  test('gets it again after hours', () => { expect(nextTryMs(entry(done, 'x'))).toBe(5000 + AGAIN_MS) })

  test('has it still when it cannot be given again', () => {
    const after = entry(afterTry(done, hash, 'x', 9000, error), 'x')
    expect(after).toEqual({ place: 'x', done: true, failures: 1, lastTryMs: 9000, error })
    expect(nextTryMs(after)).toBe(9000 + FIRST_PAUSE_MS)
  })
})

test('one that was never heard of is tried at once', () => { expect(nextTryMs(undefined)).toBe(0) })

test('places that never took the record make room first', () => {
  let handover = NO_HANDOVER
  for (let i = 0; i < MAX_PLACES; i++) handover = afterTry(handover, hash, `${i}`, i, i === 5 ? error : undefined)
  handover = afterTry(handover, hash, 'new', 99, undefined)
  expect([handover.places.length, entry(handover, '5'), entry(handover, '0').done]).toEqual([MAX_PLACES, undefined, true])
  handover = afterTry(handover, hash, 'newer', 99, undefined)
  expect([handover.places.length, entry(handover, '0')]).toEqual([MAX_PLACES, undefined])
})
