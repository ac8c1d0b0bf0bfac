import { describe, expect, test } from '@jest/globals'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { LEASE_MS, TOMBSTONE_MS } from '../../src/domain/limits.ts'
import type { ClaimRequest, ClaimVerdict } from '../../src/domain/message-desk.ts'
import { idText } from '../../src/domain/message-record.ts'
import { Outbox, type NewMessage } from '../../src/domain/outbox.ts'
import { memoryMessageStore, type MemoryFolder, type MemoryMessageStore } from './memory-message-store.ts'

const START = 1_700_000_000_000
const DAY = 86_400_000
const bytes = (n: number, size = 32): Uint8Array => new Uint8Array(size).fill(n)
const ID = bytes(1, 16)
const [A, B, C] = [bytes(0xa), bytes(0xb), bytes(0xc)] as [Uint8Array, Uint8Array, Uint8Array]

interface World {
  clock: ManualClock
  store: MemoryMessageStore
  outbox: Outbox
  held: Map<string, number>
  reports: string[]
  folder: () => MemoryFolder
  claim: (key: Uint8Array, pass?: ClaimRequest<string>['passProof']) => Promise<string>
  /** kill -9 and start: the same disk, nothing of the memory. */
  restart: (atMs?: number) => Promise<void>
}

const say = (v: ClaimVerdict<string>): string => v.kind === 'answer' ? v.sealed : v.code

async function world (options: Partial<NewMessage> = {}): Promise<World> {
  const disk = new Map<string, MemoryFolder>()
  const mark = { at: undefined }
  const w: World = {
    clock: new ManualClock(START), store: memoryMessageStore(disk, mark), held: new Map(), reports: [],
    folder: () => disk.get(idText(ID))!,
    outbox: undefined as never,
    claim: async (key, passProof = 'missing') => say(await w.outbox.claim(ID, { readerKey: key, reader: `peer ${key[0]}`, passProof, seal: async D => { await Promise.resolve(); return `D${D[0]} for ${key[0]!.toString(16)}` } })),
    restart: async atMs => {
      w.clock = new ManualClock(atMs ?? w.clock.now())
      w.store = memoryMessageStore(disk, mark)
      await open()
    },
  }
  const open = async (): Promise<void> => {
    w.outbox = await Outbox.open({
      store: w.store, clock: w.clock, report: what => { w.reports.push(what) },
      waiting: { hold: async (id, untilMs) => { w.held.set(id, untilMs) }, release: async id => { w.held.delete(id) } },
    })
  }
  await open()
  await create(w, options)
  return w
}

async function create (w: World, options: Partial<NewMessage> = {}): Promise<void> {
  async function * payload (): AsyncGenerator<Uint8Array> { yield bytes(7, 2000) }
  await w.outbox.create({
    id: ID, D: bytes(0xd), linkProofKey: bytes(2), passProofKey: null, lifeMs: 7 * DAY, reads: 1, to: null, web: false, strict: false, volatile: false, name: 'n', ...options,
  }, payload(), new AbortController().signal)
}
const state = (w: World): string | undefined => w.outbox.find(ID)?.info.state
const sweepAt = async (w: World, ms: number): Promise<void> => { w.clock.advance(ms); await w.outbox.sweep() }
const withPass = { passProofKey: bytes(3) }

describe('one read', () => {
  test('the first key gets D, again and again; no other ever does; the ack ends it', async () => {
    const w = await world()
    expect(state(w)).toBe('unread')
    expect(await w.claim(A)).toBe('D13 for a')
    expect(await w.claim(B)).toBe('claimed')
    expect(await w.claim(A)).toBe('D13 for a')
    expect(state(w)).toBe('claimed')
    expect(await w.outbox.confirm(ID, A)).toBe(true)
    expect([state(w), w.folder().D, w.folder().payload, w.held.size]).toEqual(['read', undefined, undefined, 0])
    expect([await w.claim(A), await w.claim(B)]).toEqual(['read', 'read'])
    expect(await w.outbox.confirm(ID, A)).toBe(true) // the done was lost on its way
  })

  test('8 claims at once: exactly one key wins', async () => {
    for (let round = 0; round < 20; round++) {
      const w = await world()
      const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(async n => await w.claim(bytes(n))))
      expect(answers.toSorted()).toEqual(['D13 for 1', ...Array<string>(7).fill('claimed')])
    }
  })

  test('CLAIMED is on the disk before the answer exists', async () => {
    const w = await world()
    const before = w.folder().log.length
    let atSeal = 0
    await w.outbox.claim(ID, { readerKey: A, reader: 'p', passProof: 'missing', seal: async () => { atSeal = w.folder().log.length } })
    expect([atSeal, w.folder().log.length]).toEqual([before, before + 1])
  })

  test('a key that nothing can be sealed for counts nothing', async () => {
    const w = await world()
    const bad = new Error('small order')
    await expect(w.outbox.claim(ID, { readerKey: A, reader: 'p', passProof: 'missing', seal: async () => { throw bad } })).rejects.toBe(bad)
    expect([state(w), await w.claim(B)]).toEqual(['unread', 'D13 for b'])
  })

  test('the lease ends to the millisecond: D is destroyed, and a late ack still turns unconfirmed into read', async () => {
    const w = await world()
    await w.claim(A)
    await sweepAt(w, LEASE_MS - 1)
    expect([state(w), await w.claim(A)]).toEqual(['claimed', 'D13 for a'])
    await sweepAt(w, 1)
    expect([state(w), w.folder().D, await w.claim(A), await w.claim(B)]).toEqual(['unconfirmed', undefined, 'unconfirmed', 'unconfirmed'])
    expect(await w.outbox.confirm(ID, B)).toBe(false)
    expect(await w.outbox.confirm(ID, A)).toBe(true)
    expect(state(w)).toBe('read')
    await w.restart()
    expect(state(w)).toBe('read')
  })

  test('a claim after the lease is refused even when no timer ran', async () => {
    const w = await world()
    await w.claim(A)
    w.clock.advance(LEASE_MS)
    expect([await w.claim(A), w.folder().D]).toEqual(['unconfirmed', undefined])
  })

  test('an unknown id', async () => {
    const w = await world()
    expect(await w.outbox.claim(bytes(9, 16), { readerKey: A, reader: 'p', passProof: 'missing', seal: async () => 1 })).toEqual({ kind: 'refused', code: 'unknown', atMs: null })
    expect([w.outbox.find(bytes(9, 16)), await w.outbox.confirm(bytes(9, 16), A)]).toEqual([undefined, false])
    await expect(w.outbox.revoke(bytes(9, 16))).rejects.toMatchObject({ code: 'MESSAGE_UNKNOWN', exit: 'notFound' })
  })
})

describe('n reads', () => {
  test('each key has its own lease; D goes when n are counted and the last lease is over', async () => {
    const w = await world({ reads: 2 })
    expect(await w.claim(A)).toBe('D13 for a')
    await w.outbox.confirm(ID, A)
    expect([state(w), w.folder().D !== undefined, w.outbox.find(ID)!.info.readsLeft]).toEqual(['claimed', true, 1])
    expect(await w.claim(A)).toBe('read') // it has had its read, and takes no other's
    w.clock.advance(1000)
    expect([await w.claim(B), await w.claim(C)]).toEqual(['D13 for b', 'claimed'])
    await sweepAt(w, LEASE_MS - 1)
    expect(w.folder().D).toBeDefined()
    await sweepAt(w, 1)
    expect([w.folder().D, state(w)]).toEqual([undefined, 'unconfirmed'])
  })

  test('leases that end before all reads are taken leave the rest readable', async () => {
    const w = await world({ reads: 3 })
    await w.claim(A)
    await sweepAt(w, LEASE_MS)
    expect([state(w), await w.claim(A), await w.claim(B), await w.claim(C)]).toEqual(['claimed', 'unconfirmed', 'D13 for b', 'D13 for c'])
    await w.outbox.confirm(ID, B)
    await w.outbox.confirm(ID, C)
    expect([state(w), w.folder().D]).toEqual(['unconfirmed', undefined])
    expect(w.outbox.find(ID)!.info.claimedAtMs.length).toBe(3)
  })

  test('16 keys at once on 5 reads: exactly 5 win', async () => {
    const w = await world({ reads: 5 })
    const answers = await Promise.all(Array.from({ length: 16 }, async (_, n) => await w.claim(bytes(n))))
    expect(answers.filter(a => a.startsWith('D')).length).toBe(5)
  })
})

describe('strict', () => {
  test('D is destroyed before the answer leaves, and nobody may ask again', async () => {
    const w = await world({ strict: true })
    expect([await w.claim(A), w.folder().D, await w.claim(A), state(w)]).toEqual(['D13 for a', undefined, 'unconfirmed', 'unconfirmed'])
    await w.outbox.confirm(ID, A)
    expect(state(w)).toBe('read')
  })

  test('with two reads D stays for the second', async () => {
    const w = await world({ strict: true, reads: 2 })
    expect([await w.claim(A), await w.claim(A), await w.claim(B), w.folder().D]).toEqual(['D13 for a', 'unconfirmed', 'D13 for b', undefined])
  })
})

describe('expiry', () => {
  test('to the millisecond, without anybody asking', async () => {
    const w = await world({ lifeMs: 5000 })
    await sweepAt(w, 4999)
    expect(state(w)).toBe('unread')
    await sweepAt(w, 1)
    expect([state(w), w.folder().D, w.folder().payload, await w.claim(A), w.held.size]).toEqual(['expired', undefined, undefined, 'expired', 0])
  })

  test('a running lease is let run; no new key is counted', async () => {
    const w = await world({ lifeMs: 5000, reads: 2 })
    w.clock.advance(4000)
    await w.claim(A)
    await sweepAt(w, 2000)
    expect([state(w), await w.claim(B), await w.claim(A), w.folder().D !== undefined]).toEqual(['claimed', 'expired', 'D13 for a', true])
    await w.outbox.confirm(ID, A)
    expect([state(w), w.folder().D]).toEqual(['expired', undefined])
  })

  test('at start-up', async () => {
    const w = await world({ lifeMs: 5000 })
    await w.restart(START + 5000)
    expect([state(w), w.folder().D]).toEqual(['expired', undefined])
  })

  test('a clock that is set back prolongs no life while the node runs', async () => {
    const w = await world({ lifeMs: 60_000 })
    const stop = new AbortController()
    const running = w.outbox.run(stop.signal)
    const settle = async (): Promise<void> => { for (let i = 0; i < 50; i++) await Promise.resolve() }
    await settle()
    w.clock.set(START - 30 * DAY)
    w.clock.advance(59_999)
    await settle()
    expect(state(w)).toBe('unread')
    w.clock.advance(1)
    await settle()
    expect([state(w), w.folder().D]).toEqual(['expired', undefined])
    stop.abort()
    await running
  })

  test('a clock that was set back while the node was off prolongs it by that time at most', async () => {
    const w = await world({ lifeMs: 5000 })
    await w.restart(START - 365 * DAY)
    await sweepAt(w, 4999)
    expect(state(w)).toBe('unread')
    await sweepAt(w, 1)
    expect(state(w)).toBe('expired')
  })

  test('what is expired stays so when the clock goes back', async () => {
    const w = await world({ lifeMs: 5000 })
    await sweepAt(w, 5000)
    await w.restart(START)
    expect([state(w), await w.claim(A)]).toEqual(['expired', 'expired'])
  })

  test('a clock that was far ahead once does not harm messages made after it was put right', async () => {
    const w = await world({ lifeMs: 5000 })
    await sweepAt(w, 3650 * DAY)
    await w.restart(START)
    w.store.folders.delete(idText(ID))
    await w.restart(START)
    await create(w, { lifeMs: 5000 })
    await sweepAt(w, 4999)
    expect([state(w), w.outbox.find(ID)!.info.expiresAtMs]).toEqual(['unread', START + 5000])
  })

  test('what is over is forgotten after a month and not before', async () => {
    const w = await world()
    await w.claim(A); await w.outbox.confirm(ID, A)
    await sweepAt(w, TOMBSTONE_MS - 1)
    expect(state(w)).toBe('read')
    await sweepAt(w, 1)
    expect([state(w), w.store.folders.size]).toEqual([undefined, 0])
  })
})

describe('passphrase', () => {
  test('wrong ones use up nothing; the fifth in a row locks, each further one twice as long', async () => {
    const w = await world(withPass)
    for (let i = 0; i < 4; i++) expect(await w.claim(A, 'wrong')).toBe('passphrase')
    expect(await w.claim(A, 'missing')).toBe('passphrase') // not a guess
    expect(await w.claim(A, 'wrong')).toBe('locked')
    expect(await w.claim(A, 'right')).toBe('locked') // while it is locked no proof is looked at
    w.clock.advance(59_999)
    expect(await w.claim(A, 'right')).toBe('locked')
    w.clock.advance(1)
    expect(await w.claim(A, 'wrong')).toBe('locked')
    w.clock.advance(119_999)
    expect(await w.claim(A, 'right')).toBe('locked')
    w.clock.advance(1)
    expect([await w.claim(A, 'right'), state(w)]).toEqual(['D13 for a', 'claimed'])
  })

  test('8 wrong guesses at once count one by one', async () => {
    const w = await world(withPass)
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(async n => await w.claim(bytes(n), 'wrong')))
    expect(answers).toEqual([...Array<string>(4).fill('passphrase'), ...Array<string>(4).fill('locked')])
    expect(w.outbox.records()[0]!.wrongInRow).toBe(5)
  })

  test('the lock survives a restart, has an end, and unlock lifts it', async () => {
    const w = await world(withPass)
    for (let i = 0; i < 5; i++) await w.claim(A, 'wrong')
    await w.restart()
    expect([await w.claim(A, 'right'), w.outbox.find(ID)!.info.lockedUntilMs]).toEqual(['locked', START + 60_000])
    await w.outbox.unlock(ID)
    expect(await w.claim(A, 'right')).toBe('D13 for a')
    for (let i = 0; i < 5; i++) await w.claim(B, 'wrong')
    expect(await w.claim(A, 'missing')).toBe('D13 for a') // a counted key is not locked out by others
  })

  test('a lock is never longer than a day', async () => {
    const w = await world({ ...withPass, lifeMs: 300 * DAY })
    for (let i = 0; i < 30; i++) { await w.claim(A, 'wrong'); w.clock.advance(DAY) }
    expect([w.outbox.find(ID)!.info.lockedUntilMs, await w.claim(A, 'right')]).toEqual([null, 'D13 for a'])
  })

  test('a proof where there is no passphrase', async () => {
    const w = await world()
    expect(await w.claim(A, 'right')).toBe('bad-request')
    expect(state(w)).toBe('unread')
  })

  test('a wrong guess that the disk does not take is not answered as free of charge', async () => {
    const w = await world(withPass)
    w.store.failAppends = ['before']
    await expect(w.claim(A, 'wrong')).rejects.toMatchObject({ code: 'DISK_FULL' })
  })

  test('a full disk gives nobody more guesses: those that could not be written down lock the message too, and are when they can', async () => {
    const w = await world(withPass)
    w.store.failAppends = Array<'before'>(100).fill('before')
    for (let i = 0; i < 5; i++) await expect(w.claim(A, 'wrong')).rejects.toThrow()
    expect([await w.claim(A, 'wrong'), await w.claim(A, 'right')]).toEqual(['locked', 'locked'])
    w.store.failAppends = []
    expect(await w.claim(A, 'right')).toBe('locked')
    await w.restart()
    expect(await w.claim(A, 'right')).toBe('locked')
    await w.outbox.unlock(ID)
    expect(await w.claim(A, 'right')).toBe('D13 for a')
  })

  test('guesses that a full disk did not take are forgotten by unlock as well', async () => {
    const w = await world(withPass)
    w.store.failAppends = Array<'before'>(100).fill('before')
    for (let i = 0; i < 5; i++) await expect(w.claim(A, 'wrong')).rejects.toThrow()
    w.store.failAppends = []
    await w.outbox.unlock(ID)
    expect(await w.claim(A, 'right')).toBe('D13 for a')
    await w.restart()
    expect(w.outbox.records()[0]!.wrongInRow).toBe(0)
  })
})

describe('revoke', () => {
  test.each(['unread', 'claimed'])('takes back an %s message at once', async before => {
    const w = await world()
    if (before === 'claimed') await w.claim(A)
    await w.outbox.revoke(ID)
    expect([state(w), w.folder().D, w.folder().payload, await w.claim(A), await w.claim(B)]).toEqual(['revoked', undefined, undefined, 'revoked', 'revoked'])
    await w.restart()
    expect(state(w)).toBe('revoked')
  })

  test('what is over already stays what it was', async () => {
    const w = await world()
    await w.claim(A); await w.outbox.confirm(ID, A)
    await w.outbox.revoke(ID)
    expect(state(w)).toBe('read')
  })

  test('works on a full disk: D goes, and the record of it follows when there is room', async () => {
    const w = await world()
    w.store.failAppends = ['before', 'before']
    await w.outbox.revoke(ID)
    expect([state(w), w.folder().D, await w.claim(A)]).toEqual(['revoked', undefined, 'revoked'])
    await w.outbox.sweep()
    await w.restart()
    expect(state(w)).toBe('revoked')
  })

  test('says so when D could not be destroyed, and tries again', async () => {
    const w = await world()
    w.store.failDestroy = 1
    await expect(w.outbox.revoke(ID)).rejects.toThrow('EIO')
    expect([state(w), await w.claim(A), w.folder().D]).toEqual(['revoked', 'revoked', undefined])
  })
})

describe('a failed write', () => {
  test('before the record: no answer, and any key may claim afterwards', async () => {
    const w = await world()
    w.store.failAppends = ['before']
    await expect(w.claim(A)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect([state(w), await w.claim(B), await w.claim(A)]).toEqual(['unread', 'D13 for b', 'claimed'])
  })

  test('after the record: no answer, the log is replayed, and only the same key gets one', async () => {
    const w = await world()
    w.store.failAppends = ['after']
    await expect(w.claim(A)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect([await w.claim(B), await w.claim(A), state(w)]).toEqual(['claimed', 'D13 for a', 'claimed'])
    await sweepAt(w, LEASE_MS)
    expect(state(w)).toBe('unconfirmed')
  })

  test('a crash right after it changes nothing of that', async () => {
    for (const how of ['before', 'after'] as const) {
      const w = await world()
      w.store.failAppends = [how]
      await expect(w.claim(A)).rejects.toMatchObject({ code: 'DISK_FULL' })
      await w.restart()
      expect(await w.claim(B)).toBe(how === 'before' ? 'D13 for b' : 'claimed')
      expect(await w.claim(A)).toBe(how === 'before' ? 'claimed' : 'D13 for a')
    }
  })

  test('of an ack: not confirmed, and the reader may try again', async () => {
    const w = await world()
    await w.claim(A)
    w.store.failAppends = ['before']
    await expect(w.outbox.confirm(ID, A)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect([state(w), w.folder().D !== undefined]).toEqual(['claimed', true])
    expect([await w.outbox.confirm(ID, A), state(w)]).toEqual([true, 'read'])
  })

  test('at the end of a lease or a life does not keep D', async () => {
    for (const claimed of [true, false]) {
      const w = await world({ lifeMs: LEASE_MS })
      if (claimed) await w.claim(A)
      w.store.failAppends = ['before', 'before', 'before', 'before']
      await sweepAt(w, LEASE_MS)
      expect([w.folder().D, state(w), w.reports.length > 0]).toEqual([undefined, claimed ? 'unconfirmed' : 'expired', true])
      await w.restart(START) // nothing of it was recorded, and the clock is back
      expect([state(w), await w.claim(B)]).toEqual(claimed ? ['unconfirmed', 'unconfirmed'] : ['expired', 'expired'])
    }
  })

  test('of the destruction: it is reported and tried again, and nobody gets D meanwhile', async () => {
    const w = await world()
    await w.claim(A)
    w.store.failDestroy = 1
    await w.outbox.confirm(ID, A)
    expect([w.folder().D !== undefined, w.reports.length, await w.claim(B), w.folder().D]).toEqual([true, 1, 'read', undefined])
  })

  test('of CREATED: nothing is left', async () => {
    const w = await world()
    w.store.folders.clear()
    await w.restart()
    w.store.failAppends = ['before']
    await expect(create(w)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect([w.store.folders.size, state(w), w.held.get('never')]).toEqual([0, undefined, undefined])
  })
})

describe('restart', () => {
  test('a lease begins anew, for the same key only', async () => {
    const w = await world()
    await w.claim(A)
    await w.restart(START + 30 * LEASE_MS)
    expect([state(w), await w.claim(B), await w.claim(A), w.held.size]).toEqual(['claimed', 'claimed', 'D13 for a', 1])
    await sweepAt(w, LEASE_MS)
    expect([state(w), w.folder().D]).toEqual(['unconfirmed', undefined])
  })

  test('strict: a lease does not', async () => {
    const w = await world({ strict: true, reads: 2 })
    await w.claim(A)
    await w.restart()
    expect([await w.claim(A), await w.claim(B)]).toEqual(['unconfirmed', 'D13 for b'])
  })

  test('volatile: D never was on the disk and goes with the process', async () => {
    const w = await world({ volatile: true })
    expect(w.folder().D).toBeUndefined()
    expect(await w.claim(A)).toBe('D13 for a')
    expect(await w.claim(A)).toBe('D13 for a')
    await w.restart()
    expect([state(w), await w.claim(A)]).toEqual(['unconfirmed', 'unconfirmed'])
    const unread = await world({ volatile: true })
    await unread.restart()
    expect([state(unread), await unread.claim(A)]).toEqual(['expired', 'expired'])
  })

  test('a destruction that was interrupted is finished', async () => {
    const w = await world()
    await w.claim(A)
    w.store.failDestroy = 1
    await w.outbox.confirm(ID, A)
    await w.restart()
    expect([w.folder().D, w.folder().payload, state(w)]).toEqual([undefined, undefined, 'read'])
  })

  test('a bad record before the end: the message counts as claimed, and D goes', async () => {
    const w = await world()
    w.folder().damaged = true
    await w.restart()
    expect([state(w), await w.claim(A), w.folder().D, w.folder().payload]).toEqual(['unconfirmed', 'unconfirmed', undefined, undefined])
  })

  test('a bad first record: nobody can claim it, and D goes', async () => {
    const w = await world()
    w.folder().damaged = true
    w.folder().log = []
    await w.restart()
    expect([state(w), w.folder().D, w.reports.length]).toEqual([undefined, undefined, 1])
  })

  test('a whole record that says nothing known is damage too', async () => {
    const w = await world()
    w.folder().log.push(new TextEncoder().encode('{"event":"lent"}'))
    await w.restart()
    expect([state(w), await w.claim(A)]).toEqual(['unconfirmed', 'unconfirmed'])
  })

  test('a slot that is gone: without a claim expired, with one unconfirmed', async () => {
    for (const claimed of [false, true]) {
      const w = await world()
      if (claimed) await w.claim(A)
      w.folder().D = undefined
      await w.restart()
      expect([state(w), await w.claim(B)]).toEqual(claimed ? ['unconfirmed', 'unconfirmed'] : ['expired', 'expired'])
    }
  })

  test('a slot that vanishes while the node runs', async () => {
    const w = await world()
    w.folder().D = undefined
    expect([await w.claim(A), state(w)]).toEqual(['expired', 'expired'])
  })
})

test('an add that is cancelled while it becomes durable leaves nothing', async () => {
  const w = await world()
  const cancel = new AbortController()
  async function * payload (): AsyncGenerator<Uint8Array> { yield bytes(7, 10) }
  const append = w.store.failAppends
  append.push('ok')
  const adding = w.outbox.create({
    id: bytes(5, 16), D: bytes(0xd), linkProofKey: bytes(2), passProofKey: null, lifeMs: DAY, reads: 1, to: null, web: false, strict: false, volatile: false, name: null,
  }, (async function * () { yield * payload(); queueMicrotask(() => { cancel.abort(new Error('client left')) }) })(), cancel.signal)
  await expect(adding).rejects.toThrow('client left')
  expect([w.store.folders.has(idText(bytes(5, 16))), w.outbox.find(bytes(5, 16))]).toEqual([false, undefined])
})

test('D is wiped in the caller\'s hands once it is stored, and after each seal', async () => {
  const w = await world({ id: ID })
  const D = bytes(0xee)
  await create(w, { id: bytes(6, 16), D })
  expect(D).toEqual(bytes(0))
  let seen: Uint8Array | undefined
  await w.outbox.claim(bytes(6, 16), { readerKey: A, reader: 'p', passProof: 'missing', seal: async d => { seen = d } })
  expect(seen).toEqual(bytes(0))
})
