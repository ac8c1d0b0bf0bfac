import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { connectOrSpawn, type Doorway, type SpawnOutcome } from '@ipkit/core/daemon/connect-or-spawn'
import type { Clock } from '@ipkit/core/time/clock'

/** Time passes only by sleeping, so half a minute takes no time. */
function skippingClock (): Clock {
  let now = 0
  return { now: () => now, async sleep (ms, signal) { signal?.throwIfAborted(); await Promise.resolve(); now += ms } }
}
const refuse = (code: string): Error => Object.assign(new Error(code), { code })

/** A home whose node answers from the given dial on. */
function door (answersFrom: number, outcomes: readonly (SpawnOutcome | Error)[] = ['ready'], code = 'ECONNREFUSED'): Doorway<string> & { dials: number, spawns: number, waits: number } {
  return {
    dials: 0, spawns: 0, waits: 0,
    async dial () { if (++this.dials < answersFrom) throw refuse(code); return 'connected' },
    async spawn () {
      const outcome = outcomes[Math.min(this.spawns++, outcomes.length - 1)]!
      if (typeof outcome === 'string') return outcome
      throw outcome
    },
    logTail: () => ['log: the last line'],
    onWait () { this.waits++ },
  }
}

test.each<[string, number, number]>([['one that runs is used', 1, 0], ['one that is absent is started', 2, 1], ['one that comes up slowly is waited for', 6, 1]])('%s', async (_name, answersFrom, spawns) => {
  const d = door(answersFrom)
  expect(await connectOrSpawn(d, skippingClock())).toBe('connected')
  expect(d.spawns).toBe(spawns)
})

test.each(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])('%s means nobody', async code => {
  expect(await connectOrSpawn(door(2, ['ready'], code), skippingClock())).toBe('connected')
})

test('any other error is seen at once, and nothing is started', async () => {
  const d = door(9, ['ready'], 'EACCES')
  await expect(connectOrSpawn(d, skippingClock())).rejects.toMatchObject({ code: 'EACCES' })
  expect([d.dials, d.spawns]).toEqual([1, 0])
})

test('a start that fails is told in its own words, after one more look', async () => {
  const full = new AppError('DISK_FULL', 'no space')
  await expect(connectOrSpawn(door(99, [full]), skippingClock())).rejects.toBe(full)
  expect(await connectOrSpawn(door(2, [full]), skippingClock())).toBe('connected') // somebody else's came up
})

test('a lost race is waited out; when the winner turns out to be leaving, another start follows', async () => {
  const d = door(40, ['lost', 'lost', 'ready'])
  expect(await connectOrSpawn(d, skippingClock())).toBe('connected')
  expect(d.spawns).toBeGreaterThanOrEqual(3)
  expect(d.spawns).toBeLessThan(10)
})

test('the deadline comes with the end of the log, after the wait was said once', async () => {
  const d = door(Infinity, ['lost'])
  await expect(connectOrSpawn(d, skippingClock(), undefined, 10_000)).rejects.toMatchObject({ code: 'NODE_NOT_STARTING', exit: 'unreachable', hints: ['log: the last line'] })
  expect(d.waits).toBe(1)
})

test('an interrupted command stops waiting', async () => {
  const stop = new AbortController()
  const d = door(Infinity)
  const clock = skippingClock()
  const call = connectOrSpawn({ ...d, async dial () { if (clock.now() > 100) stop.abort(new AppError('INTERRUPTED', 'interrupted')); throw refuse('ENOENT') } }, clock, stop.signal)
  await expect(call).rejects.toMatchObject({ code: 'INTERRUPTED' })
})

test('a person who takes a minute for the passphrase is not told that the node did not answer', async () => {
  const clock = skippingClock()
  const d = door(Infinity)
  let isAsking = true
  const slow = { ...d, async dial () { if (isAsking) throw refuse('ENOENT'); return 'connected' }, async spawn () { while (clock.now() < 60_000) await Promise.resolve(); isAsking = false; return 'ready' as const }, isAsking: () => isAsking }
  expect(await connectOrSpawn(slow, clock, undefined, 10_000)).toBe('connected')
  expect(d.waits).toBe(0)
})
