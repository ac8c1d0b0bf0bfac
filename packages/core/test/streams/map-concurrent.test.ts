import { expect, test } from '@jest/globals'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'

test('never runs ahead of the consumer by more than the limit, and keeps order', async () => {
  let pulled = 0
  function * source (): Generator<number> { for (let i = 0; i < 100; i++) { pulled++; yield i } }
  const seen: number[] = []
  for await (const n of mapConcurrent(source(), 4, async n => n)) { seen.push(n); expect(pulled - seen.length).toBeLessThanOrEqual(4) }
  expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i))
})

test('breaking early aborts what is in flight', async () => {
  let aborted = 0
  for await (const _ of mapConcurrent([1, 2, 3], 3, async (n, signal) => {
    if (n > 1) await new Promise<void>(resolve => { signal.addEventListener('abort', () => { aborted++; resolve() }) })
    return n
  })) break
  expect(aborted).toBe(2)
})
