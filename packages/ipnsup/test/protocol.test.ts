import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { encodeFrame } from '@ipkit/core/streams/frame'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryChannelPair, type Faults } from '@ipkit/testkit/memory-channel'
import { ANSWER_MS, CONVERSATION_MS, MAX_MESSAGE_BYTES, REQUEST_MS } from '../src/domain/wire-limits.ts'
import { askRecord, handRecord, serveRecords, type AskDeps } from '../src/protocol.ts'
import { decodeAnswer, encodeAnswer, encodeRequest, type ExchangeAnswer } from '../src/wire.ts'
import { hex } from './hex.ts'
import { memoryDesk, type MemoryDesk } from './memory-desk.ts'
import { ALICE, BOB, changed, HOUR_MS, NAME, NOW_MS, record } from './records.ts'

interface World { readonly clock: ManualClock, readonly desk: MemoryDesk, readonly reported: unknown[] }
const makeWorld = (...known: Parameters<typeof record>): World => {
  const clock = new ManualClock(NOW_MS)
  return { clock, desk: memoryDesk(clock, ...known.map(options => record(options))), reported: [] }
}

/** One conversation, over a link with these faults; the answering side has ended when it resolves. */
async function talk<T> ({ clock, desk, reported }: World, side: (deps: AskDeps, channel: ByteChannel) => Promise<T>, faults: Faults = {}): Promise<T> {
  const [near, far] = memoryChannelPair({ ...faults, remotePeers: ['answerer', ALICE.peerId] })
  const served = serveRecords({ desk, clock, report: e => { reported.push(e) } }, far).catch((e: unknown) => { far.abort(e as Error) })
  try {
    return await side({ clock }, near)
  } finally {
    near.abort(new Error('over'))
    await served
  }
}

async function codeOf (work: Promise<unknown>): Promise<string> {
  try { await work } catch (e) { return (e as { code?: string }).code ?? (e as Error).message }
  return 'done'
}

describe('asking', () => {
  test('gives the bytes that are known, and nothing for another name or an expired record', async () => {
    const w = makeWorld({})
    const ask = async (name = NAME): Promise<Uint8Array | undefined> => await talk(w, async (deps, channel) => await askRecord(deps, channel, name))
    expect(hex((await ask())!)).toBe(hex(record().bytes))
    expect(await ask(record({ key: BOB }).name)).toBeUndefined()
    w.clock.set(NOW_MS + HOUR_MS)
    expect(await ask()).toBeUndefined()
  })
})

describe('handing over', () => {
  const hand = async (w: World, bytes: Uint8Array, name = NAME): Promise<string> => await talk(w, async (deps, channel) => await handRecord(deps, channel, name, bytes))

  test('is answered with what became of it, and counted to the peer', async () => {
    const w = makeWorld()
    expect([await hand(w, record().bytes), await hand(w, record().bytes), await hand(w, record({ sequence: 2n }).bytes), await hand(w, record().bytes)]).toEqual(['kept', 'known', 'kept', 'known'])
    expect(w.desk.records.get(NAME.text)!.sequence).toBe(2n)
    expect(new Set(w.desk.offers.map(({ from }) => from))).toEqual(new Set([ALICE.peerId]))
  })

  test.each<[string, Uint8Array, string]>([
    ['of another name', record({ key: BOB }).bytes, 'RECORD_REFUSED'],
    ['that is garbage', Uint8Array.of(1, 2, 3), 'RECORD_REFUSED'],
    ['that was changed', changed(record().bytes), 'RECORD_REFUSED'],
    ['of the largest size', new Uint8Array(10_240), 'RECORD_REFUSED'],
    ['that has expired', record({ untilMs: NOW_MS }).bytes, 'RECORD_EXPIRED'],
  ])('a record %s is refused, and what was known stays', async (_title, bytes, code) => {
    const w = makeWorld()
    expect(await codeOf(hand(w, bytes))).toBe(code)
    expect([w.desk.records.size, w.reported]).toEqual([0, []])
  })

  test('the desk is full, or its disk: the peer learns a code and none of our words', async () => {
    const w = makeWorld()
    w.desk.fault = new AppError('TOO_MANY_RECORDS', 'enough')
    expect([await codeOf(hand(w, record().bytes)), w.reported]).toEqual(['TOO_MANY_RECORDS', []])
    w.desk.fault = new AppError('DISK_FULL', 'no space left on /home/alice')
    const refused = await hand(w, record().bytes).catch((e: unknown) => e as AppError)
    expect(refused).toMatchObject({ code: 'PEER_FAILED', message: 'the peer could not answer' })
    expect(w.reported).toEqual([w.desk.fault])
  })

  test('over any link: cut at each byte, either way, it is done or fails, and is done the next time', async () => {
    const small = record({ v2Only: true }).bytes
    for (let at = 0; at < 290; at++) {
      for (const faults of [{ cutAfterBytes: at }, { cutAfterBytesFromB: at }] as Faults[]) {
        const w = makeWorld()
        const handed = await codeOf(talk(w, async (deps, channel) => await handRecord(deps, channel, NAME, small), { ...faults, chunkBytes: 1 + at % 7, cutGracefully: at % 2 === 0 }))
        if (handed === 'done') expect(w.desk.records.size).toBe(1)
        else expect(['PEER_HUNG_UP', 'FRAME_TRUNCATED', 'link cut', 'write after the end']).toContain(handed)
        expect(['kept', 'known']).toContain(await hand(w, small))
      }
    }
  })
})

describe('who asks is not answered', () => {
  test.each<[string, number, (deps: AskDeps, channel: ByteChannel) => Promise<unknown>]>([
    ['an answer', ANSWER_MS, async (deps, channel) => await askRecord(deps, channel, NAME)],
    ['room for the record', REQUEST_MS, async (deps, channel) => await handRecord(deps, channel, NAME, new Uint8Array(10_240))],
  ])('%s: it gives up', async (what, ms, side) => {
    const clock = new ManualClock(NOW_MS)
    const [near] = memoryChannelPair({ bufferBytes: what === 'an answer' ? 20_000 : 1 })
    const waiting = codeOf(side({ clock }, near))
    await passing(clock, ms)
    expect(await waiting).toBe('TIMED_OUT')
  })

  test('because the caller stops', async () => {
    const [near] = memoryChannelPair()
    const stop = new AbortController()
    const waiting = codeOf(askRecord({ clock: new ManualClock(), signal: stop.signal }, near, NAME))
    stop.abort(new Error('stopped'))
    expect(await waiting).toBe('stopped')
  })
})

describe('who answers', () => {
  test.each<[string, Uint8Array]>([
    ['says nothing', new Uint8Array(0)],
    ['says half of it', encodeFrame(encodeRequest({ type: 'ask', name: NAME }), MAX_MESSAGE_BYTES).subarray(0, 20)],
  ])('waits for a peer that %s no longer than it should', async (_title, said) => {
    const w = makeWorld({})
    const [near, far] = memoryChannelPair()
    await near.write(said)
    const served = codeOf(serveRecords({ ...w, report: () => {} }, far))
    await passing(w.clock, REQUEST_MS)
    expect(await served).toBe('TIMED_OUT')
  })

  test('does not wait for ever for a peer that reads nothing', async () => {
    const w = makeWorld({})
    const [near, far] = memoryChannelPair({ bufferBytes: 1 })
    const served = codeOf(serveRecords({ ...w, report: () => {} }, far))
    void near.write(encodeFrame(encodeRequest({ type: 'ask', name: NAME }), MAX_MESSAGE_BYTES)).catch(() => {})
    await passing(w.clock, CONVERSATION_MS)
    expect(await served).toBe('TIMED_OUT')
  })

  /** Everything that this side answers to these bytes. */
  async function answersTo (said: Uint8Array): Promise<ExchangeAnswer[]> {
    const w = makeWorld({})
    const [near, far] = memoryChannelPair()
    await near.write(said)
    await near.closeWrite()
    await codeOf(serveRecords({ ...w, report: () => {} }, far))
    await far[Symbol.asyncDispose]()
    const parts: Uint8Array[] = []
    for await (const part of near.source) parts.push(part)
    const all = Buffer.concat(parts)
    return all.length === 0 ? [] : [decodeAnswer(Uint8Array.from(all.subarray(4)))] // throws for more than one
  }

  const frame = (body: Uint8Array): Uint8Array => encodeFrame(body, 2 ** 20)
  const ask = encodeRequest({ type: 'ask', name: NAME })
  test.each<[string, Uint8Array, string]>([
    ['garbage', frame(Uint8Array.of(1, 2, 3)), 'bad-request'],
    ['an answer', frame(encodeAnswer({ type: 'kept' })), 'bad-request'],
    ['a frame over the limit', frame(new Uint8Array(MAX_MESSAGE_BYTES + 1)), 'bad-request'],
    ['a length over the limit and nothing else', Uint8Array.of(0xff, 0xff, 0xff, 0xff), 'bad-request'],
  ])('to %s says bad-request', async (_title, said, code) => {
    expect(await answersTo(said)).toEqual([{ type: 'error', code }])
  })

  test('answers the first request of a stream and no other', async () => {
    expect((await answersTo(Uint8Array.from([...frame(ask), ...frame(ask)]))).map(answer => answer.type)).toEqual(['record'])
  })

  test('a peer that leaves without a word is no failure', async () => {
    const [near, far] = memoryChannelPair()
    await near.closeWrite()
    expect(await codeOf(serveRecords({ ...makeWorld(), report: () => {} }, far))).toBe('done')
  })

  test('says nothing to nothing, and to a request that was cut', async () => {
    expect([await answersTo(new Uint8Array(0)), await answersTo(frame(ask).subarray(0, -1))]).toEqual([[], []])
  })

  test('answers anything with one message, or not at all', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (bytes, framed) => {
      expect((await answersTo(framed ? frame(bytes) : bytes)).length).toBeLessThan(2)
    }), { numRuns: 300 })
  })
})

describe('an answering side that lies', () => {
  const askIt = async (deps: AskDeps, channel: ByteChannel): Promise<unknown> => await askRecord(deps, channel, NAME)
  const handIt = async (deps: AskDeps, channel: ByteChannel): Promise<unknown> => await handRecord(deps, channel, NAME, record().bytes)
  test.each<[string, typeof askIt, Uint8Array, string]>([
    ['kept for an ask', askIt, encodeAnswer({ type: 'kept' }), 'BAD_MESSAGE'],
    ['known for an ask', askIt, encodeAnswer({ type: 'known' }), 'BAD_MESSAGE'],
    ['a record for a hand', handIt, encodeAnswer({ type: 'record', record: record().bytes }), 'BAD_MESSAGE'],
    ['none for a hand', handIt, encodeAnswer({ type: 'none' }), 'BAD_MESSAGE'],
    ['a request', askIt, encodeRequest({ type: 'ask', name: NAME }), 'BAD_MESSAGE'],
    ['garbage', handIt, Uint8Array.of(9), 'BAD_MESSAGE'],
    ['too much', askIt, new Uint8Array(MAX_MESSAGE_BYTES + 1), 'FRAME_TOO_LARGE'],
  ])('%s', async (_title, side, said, code) => {
    const [near, far] = memoryChannelPair()
    await far.write(encodeFrame(said, 2 ** 20))
    expect(await codeOf(side({ clock: new ManualClock() }, near))).toBe(code)
  })
})

/** Time passes once whoever waits has begun to. */
async function passing (clock: ManualClock, ms: number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  await new Promise(resolve => { setImmediate(resolve) })
  clock.advance(ms)
}
