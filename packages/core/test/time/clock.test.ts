import { expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'

test('a sleep ends by itself, and leaves nothing at the signal', async () => {
  const { signal } = new AbortController()
  const left = new Set<unknown>()
  const watched = Object.assign(Object.create(signal), {
    addEventListener: (_type: string, listener: unknown) => { left.add(listener) },
    removeEventListener: (_type: string, listener: unknown) => { left.delete(listener) },
    throwIfAborted () {},
  }) as AbortSignal
  await systemClock.sleep(1, watched)
  expect(left.size).toBe(0)
})

test.each(['before', 'during'])('a sleep that is aborted %s it rejects with the reason', async when => {
  const stop = new AbortController()
  const why = new Error('enough')
  if (when === 'before') stop.abort(why)
  const slept = systemClock.sleep(60_000, stop.signal)
  stop.abort(why)
  await expect(slept).rejects.toBe(why)
})

test('a sleep is never shorter than asked, by the clock itself', async () => {
  const early: number[] = []
  await Promise.all(Array.from({ length: 50 }, async (_, lane) => {
    for (let n = 0; n < 60; n++) {
      const ms = 1 + (lane + n) % 7
      const startMs = systemClock.now()
      await systemClock.sleep(ms)
      if (systemClock.now() < startMs + ms) early.push(systemClock.now() - startMs - ms)
    }
  }))
  expect(early).toEqual([])
})
