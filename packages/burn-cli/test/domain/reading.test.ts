import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import type { StorageFs } from '@ipkit/core/storage/storage-fs'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryChannelPair, type Faults } from '@ipkit/testkit/memory-channel'
import { fsInbox } from '../../src/adapters/fs-inbox.ts'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { linkProofKey, messageId, passProofKey } from '../../src/domain/keys.ts'
import { LEAF_BYTES, LEASE_MS, TOMBSTONE_MS } from '../../src/domain/limits.ts'
import { idText } from '../../src/domain/message-record.ts'
import { streamNonces } from '../../src/domain/nonce.ts'
import { Outbox, type NewMessage } from '../../src/domain/outbox.ts'
import { encodePayloadHeader, PAYLOAD_HEADER_BYTES } from '../../src/domain/payload-header.ts'
import { Reading, type OnFetch, type ReadLink } from '../../src/domain/reading.ts'
import { serveBurn } from '../../src/protocol.ts'
import { memoryMessageStore, type MemoryMessageStore } from './memory-message-store.ts'

const SENDER = '12D3KooWBpqvJxLHiFsbMwpGqbBhhhghjwoqXJdpDCoFiqsGPoE8'
const START = 1_700_000_000_000
const L = new Uint8Array(32).fill(5)
const D = new Uint8Array(32).fill(0xd5)
const PASS = passProofKey(new Uint8Array(32).fill(8))
const never = new AbortController().signal
const ID = messageId(L)

let dir: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'burn-reading-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true, force: true }) })

interface World {
  clock: ManualClock
  outbox: Outbox
  store: MemoryMessageStore
  link: ReadLink
  /** What the next conversations go through; empty: a good link. `down` refuses to dial. */
  faults: Array<Faults | 'down' | 'silent'>
  dialled: number
  random: number
  hungUp: string[]
  reports: string[]
  payload: Uint8Array
}

async function world (options: Partial<NewMessage> = {}, sizeBytes = 2.5 * LEAF_BYTES): Promise<World> {
  const clock = new ManualClock(START)
  const store = memoryMessageStore()
  const outbox = await Outbox.open({ store, clock, report: () => {}, waiting: { hold: async () => {}, release: async () => {} } })
  const passphrase = options.passProofKey !== undefined && options.passProofKey !== null
  const payload = Buffer.alloc(sizeBytes)
  for (let i = 0; i < sizeBytes; i += 997) payload[i] = i & 0xff
  payload.set(encodePayloadHeader(new Uint8Array(32), passphrase, new Uint8Array(32)))
  const made = await outbox.create({
    id: ID, D: D.slice(), linkProofKey: linkProofKey(L), passProofKey: null, lifeMs: 86_400_000, reads: 1, to: null, web: false, strict: false, volatile: false, name: null, ...options,
  }, (async function * () { yield payload })(), never)
  return {
    clock, outbox, store, payload, faults: [], dialled: 0, random: 0, hungUp: [], reports: [],
    link: { id: ID, root: made.root, sender: SENDER, addresses: ['/ip4/127.0.0.1/tcp/4101'], linkProofKey: linkProofKey(L), addressed: false, passphrase },
  }
}

/** A reader's node: everything but `dir` is new, as after a crash. */
function reader (w: World, options: { fs?: StorageFs, folder?: string } = {}): Reading {
  return new Reading({
    store: fsInbox({ dataDir: options.folder ?? dir, clock: w.clock, ...options.fs === undefined ? {} : { fs: options.fs } }),
    clock: w.clock,
    sha256: nodeBulkCrypto.sha256,
    randomBytes: n => new Uint8Array(n).fill(++w.random),
    report: what => { w.reports.push(what) },
    hangUp: async id => { w.hungUp.push(id) },
    async dial (_id, _sender, _addresses, _addressed, signal) {
      signal.throwIfAborted()
      w.dialled++
      const faults = w.faults.shift() ?? {}
      if (faults === 'silent') return await new Promise<never>((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error) }) })
      if (faults === 'down') throw new AppError('PEER_UNREACHABLE', 'nobody there', { exit: 'unreachable' })
      const [mine, theirs] = memoryChannelPair({ ...faults, remotePeers: [SENDER, READER] })
      const server = { desk: w.outbox, self: SENDER, standInKey: new Uint8Array(32), clock: w.clock, report: () => {} }
      void serveBurn(server, { reader: READER, audit: READER, nonces: streamNonces(n => new Uint8Array(n).fill(w.dialled)) }, theirs)
        .then(async () => { await theirs[Symbol.asyncDispose]() }, (e: unknown) => { theirs.abort(e as Error) })
      return { channel: mine, reader: READER }
    },
  })
}
const READER = '12D3KooWSCufgHzV4fCwRijfH2k3abrpAJxTKxEvN1FDuRXA2U9x'

const code = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'ok', (e: unknown) => (e as { code?: string }).code ?? String(e))
const quiet: OnFetch = () => {}
const inbox = async (): Promise<string[]> => await fs.readdir(path.join(dir, 'inbox', idText(ID))).then(f => f.toSorted(), () => [])
const state = (w: World): string | undefined => w.outbox.find(ID)?.info.state
async function whole (r: Reading): Promise<Uint8Array> {
  return await bytesOf(await r.content(ID, 0, Number.MAX_SAFE_INTEGER))
}
async function bytesOf (source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return Buffer.concat(pieces)
}

describe('a read, step by step', () => {
  test('fetch, claim, finish: content and D come, and nothing is left on either side', async () => {
    const w = await world()
    const r = reader(w)
    const seen: string[] = []
    const { sizeBytes, info } = await r.fetch(w.link, (step, done, total) => { seen.push(`${step} ${done ?? ''}/${total ?? ''}`) }, never)
    expect([sizeBytes, info?.state, state(w)]).toEqual([w.payload.length, 'unread', 'unread'])
    expect(seen).toEqual(['connecting /', 'fetching 1048576/2621440', 'fetching 2097152/2621440', 'fetching 2621440/2621440'])
    expect(Buffer.compare(await whole(r), w.payload)).toBe(0)
    expect(await inbox()).toEqual(['content', 'hashes', 'layout'])

    const claim = await r.claim(w.link, undefined, never)
    expect([Buffer.from(claim.D).toString('hex'), claim.claimedAtMs, claim.leaseUntilMs]).toEqual(['d5'.repeat(32), START, START + LEASE_MS])
    expect([state(w), await inbox()]).toEqual(['claimed', ['answer', 'content', 'hashes', 'key', 'layout']])

    expect(await r.finish(w.link, never)).toBe(true)
    expect([state(w), await inbox(), w.hungUp]).toEqual(['read', [], [idText(ID)]])
    expect(await code(r.fetch(w.link, quiet, never))).toBe('MESSAGE_READ')
  })

  test('a message that does not fit on the disk is refused before it fills it', async () => {
    const w = await world()
    const disk = (freeBlocks: number, blocks = 1000): StorageFs => ({ ...fs, statfs: async () => ({ bsize: 4096, blocks, bavail: freeBlocks }) })
    expect([await code(reader(w, { fs: disk(639) }).fetch(w.link, quiet, never)), await inbox()]).toEqual(['DISK_FULL', []])
    expect(await code(reader(w, { fs: disk(0, 0) }).fetch(w.link, quiet, never))).toBe('ok') // a file system that does not say
    await reader(w).drop(ID)
    expect(await code(reader(w, { fs: disk(640) }).fetch(w.link, quiet, never))).toBe('ok')
  })

  test('a sender that keeps a reader waiting does not hold up the confirmations to others', async () => {
    const w = await world()
    const r = reader(w)
    await r.fetch(w.link, quiet, never)
    await r.claim(w.link, undefined, never)
    w.faults.push('down', 'silent')
    expect(await r.finish(w.link, never)).toBe(false)
    const stop = new AbortController()
    const waiting = code(r.fetch({ ...w.link, id: messageId(D) }, quiet, stop.signal))
    await until(() => w.dialled >= 4)
    await r.tidy(never)
    expect([state(w), await inbox()]).toEqual(['read', []])
    stop.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' }))
    expect(await waiting).toBe('ENOUGH')
  })

  test('a read that was refused, or reached nobody, leaves no throw-away peer behind', async () => {
    const w = await world()
    w.faults.push('down')
    expect([await code(reader(w).fetch(w.link, quiet, never)), w.hungUp.length]).toEqual(['PEER_UNREACHABLE', 1])
    await w.outbox.revoke(ID)
    expect([await code(reader(w).fetch(w.link, quiet, never)), w.hungUp.length]).toEqual(['MESSAGE_REVOKED', 2])
  })

  test('out of order', async () => {
    const w = await world()
    const r = reader(w)
    expect(await code(r.claim(w.link, undefined, never))).toBe('NOT_FETCHED')
    expect(await code(r.content(ID, 0, 1))).toBe('NOT_FETCHED')
    expect(await code(r.finish(w.link, never))).toBe('NOT_CLAIMED')
    await r.fetch(w.link, quiet, never)
    expect(await code(r.finish(w.link, never))).toBe('NOT_CLAIMED')
  })

  test('the header alone can be read', async () => {
    const w = await world()
    const r = reader(w)
    await r.fetch(w.link, quiet, never)
    expect((await bytesOf(await r.content(ID, 0, PAYLOAD_HEADER_BYTES))).length).toBe(PAYLOAD_HEADER_BYTES)
    expect(Buffer.compare(await bytesOf(await r.content(ID, LEAF_BYTES - 1, LEAF_BYTES + 3)), w.payload.subarray(LEAF_BYTES - 1, 2 * LEAF_BYTES + 2))).toBe(0)
  })

  test('a wrong passphrase uses nothing up, the right one works with the same key', async () => {
    const w = await world({ passProofKey: PASS })
    const r = reader(w)
    await r.fetch(w.link, quiet, never)
    expect(await code(r.claim(w.link, new Uint8Array(32), never))).toBe('PASSPHRASE_WRONG')
    expect([state(w), await code(r.claim(w.link, PASS, never)), state(w)]).toEqual(['unread', 'ok', 'claimed'])
  })

  test('another reader is told that it was claimed, and keeps nothing of it', async () => {
    const w = await world()
    const [first, second] = [reader(w), reader(w, { folder: path.join(dir, 'second') })]
    await fs.mkdir(path.join(dir, 'second'))
    await first.fetch(w.link, quiet, never)
    await second.fetch(w.link, quiet, never)
    await first.claim(w.link, undefined, never)
    expect(await code(second.claim(w.link, undefined, never))).toBe('MESSAGE_CLAIMED')
    expect([await second.drop(ID), await fs.readdir(path.join(dir, 'second', 'inbox'))]).toEqual([false, []])
  })

  test('a message that was fetched can be forgotten', async () => {
    const w = await world()
    const r = reader(w)
    await r.fetch(w.link, quiet, never)
    expect([await r.drop(ID), await r.drop(ID), await inbox(), w.hungUp.length]).toEqual([true, false, [], 2])
  })

  test('a sender that cannot be reached leaves no empty entry', async () => {
    const w = await world()
    w.faults = ['down']
    expect(await code(reader(w).fetch(w.link, quiet, never))).toBe('PEER_UNREACHABLE')
    expect(await fs.readdir(path.join(dir, 'inbox'))).toEqual([])
  })

  test('two commands on one link take turns, and the second finds the answer of the first', async () => {
    const w = await world()
    const r = reader(w)
    await Promise.all([r.fetch(w.link, quiet, never), r.fetch(w.link, quiet, never)])
    const [a, b] = await Promise.all([r.claim(w.link, undefined, never), r.claim(w.link, undefined, never)])
    expect([a.D, w.outbox.find(ID)!.info.claimedAtMs.length]).toEqual([b.D, 1])
  })
})

describe('resuming', () => {
  test('a fetch goes on at the first missing leaf, in a new process too', async () => {
    const w = await world()
    const leafTwo = 400 + 100 + 1.5 * LEAF_BYTES
    w.faults = [{ cutAfterBytesFromB: leafTwo, chunkBytes: 60_000 }]
    expect(await code(reader(w).fetch(w.link, quiet, never))).not.toBe('ok')
    const seen: number[] = []
    await reader(w).fetch(w.link, (_step, done) => { if (done !== undefined) seen.push(done) }, never)
    expect(seen).toEqual([2 * LEAF_BYTES, 2.5 * LEAF_BYTES])
  })

  test('what a crash left half written or as zeros is fetched again', async () => {
    const w = await world()
    w.faults = [{ cutAfterBytesFromB: 500 + 2.2 * LEAF_BYTES, chunkBytes: 60_000 }]
    await code(reader(w).fetch(w.link, quiet, never))
    const content = path.join(dir, 'inbox', idText(ID), 'content')
    const bytes = await fs.readFile(content)
    await fs.writeFile(content, bytes.fill(0, LEAF_BYTES))
    const r = reader(w)
    const seen: number[] = []
    await r.fetch(w.link, (_step, done) => { if (done !== undefined) seen.push(done) }, never)
    expect([seen.length, Buffer.compare(await whole(r), w.payload)]).toEqual([2, 0])
  })

  test('a claim whose answer got lost is made again with the same key', async () => {
    const w = await world()
    await reader(w).fetch(w.link, quiet, never)
    w.faults = [{ cutAfterBytesFromB: 60 }] // after the nonce
    expect(await code(reader(w).claim(w.link, undefined, never))).not.toBe('ok')
    expect(state(w)).toBe('claimed')
    expect(await code(reader(w).claim(w.link, undefined, never))).toBe('ok')
    expect(w.outbox.find(ID)!.info.claimedAtMs.length).toBe(1)
  })

  test('an answer that is here needs no sender any more', async () => {
    const w = await world()
    await reader(w).fetch(w.link, quiet, never)
    await reader(w).claim(w.link, undefined, never)
    w.faults = ['down', 'down', 'down']
    const r = reader(w)
    expect((await r.fetch(w.link, quiet, never)).info).toBeUndefined()
    expect(Buffer.from((await r.claim(w.link, undefined, never)).D).toString('hex')).toBe('d5'.repeat(32))
    expect([await r.finish(w.link, never), await inbox(), state(w)]).toEqual([false, ['ack', 'layout'], 'claimed'])
  })

  test('an ack that did not arrive is sent again by itself, also by the next process', async () => {
    const w = await world()
    await reader(w).fetch(w.link, quiet, never)
    await reader(w).claim(w.link, undefined, never)
    w.faults = ['down', 'down']
    expect(await reader(w).finish(w.link, never)).toBe(false)
    const stop = new AbortController()
    const running = reader(w).run(stop.signal)
    await until(() => w.dialled === 4)
    expect(state(w)).toBe('claimed')
    w.clock.advance(15_000)
    await until(() => state(w) === 'read')
    await until(async () => (await inbox()).length === 0)
    stop.abort()
    await running
  })

  test('it is given up when the lease is over', async () => {
    const w = await world()
    await reader(w).fetch(w.link, quiet, never)
    await reader(w).claim(w.link, undefined, never)
    w.faults = ['down', 'down', 'down']
    await reader(w).finish(w.link, never)
    w.clock.advance(LEASE_MS)
    const stop = new AbortController()
    const running = reader(w).run(stop.signal)
    await until(async () => (await inbox()).length === 0)
    stop.abort()
    await running
  })

  test('what was fetched and never opened is forgotten after a month', async () => {
    const w = await world()
    await reader(w).fetch(w.link, quiet, never)
    const stop = new AbortController()
    w.clock.advance(TOMBSTONE_MS)
    const running = reader(w).run(stop.signal)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect((await inbox()).length).toBeGreaterThan(0)
    await until(async () => { w.clock.advance(15_000); return (await inbox()).length === 0 })
    stop.abort()
    await running
  })

  test('a second read of a message with two, after an ack that the sender never got', async () => {
    const w = await world({ reads: 2 })
    await reader(w).fetch(w.link, quiet, never)
    await reader(w).claim(w.link, undefined, never)
    w.faults = ['down', 'down']
    await reader(w).finish(w.link, never)
    expect(await code(reader(w).fetch(w.link, quiet, never))).toBe('PEER_UNREACHABLE')
    expect(await code(reader(w).fetch(w.link, quiet, never))).toBe('ok')
    expect(await code(reader(w).claim(w.link, undefined, never))).toBe('ok')
    expect([await reader(w).finish(w.link, never), state(w)]).toEqual([true, 'read'])
  })
})

describe('where the secrets are', () => {
  const onDisk = async (secret: Uint8Array): Promise<string[]> => {
    const all = await fs.readdir(dir, { recursive: true, withFileTypes: true })
    const found = await Promise.all(all.filter(e => e.isFile()).map(async e => (await fs.readFile(path.join(e.parentPath, e.name))).includes(Buffer.from(secret)) ? [e.name] : []))
    return found.flat()
  }

  test('D never is on the reader\'s disk in the open, the key only in its slot, and neither after the end', async () => {
    const w = await world()
    const r = reader(w)
    await r.fetch(w.link, quiet, never)
    await r.claim(w.link, undefined, never)
    const key = (await fs.readFile(path.join(dir, 'inbox', idText(ID), 'key'))).subarray(12, 44)
    expect([await onDisk(D), await onDisk(key), await onDisk(L), await onDisk(linkProofKey(L))]).toEqual([[], ['key'], [], []])
    w.faults = ['down']
    await r.finish(w.link, never)
    expect([await onDisk(D), await onDisk(key), await inbox()]).toEqual([[], [], ['ack', 'layout']])
  })
})

describe.each(['full', 'fail', 'kill', 'torn'] as const)('%s at every step of the reader\'s disk', kind => {
  test('the message is not lost: the same reader comes back and gets it, and confirms it', async () => {
    const dry = faultyFs()
    const w0 = await world({}, 3000)
    const r0 = reader(w0, { fs: dry })
    await r0.fetch(w0.link, quiet, never); await r0.claim(w0.link, undefined, never); await r0.finish(w0.link, never)
    expect(await inbox()).toEqual([])
    const codes = new Set<string>()
    for (let at = 0; at < dry.steps.length; at++) {
      await fs.rm(path.join(dir, 'inbox'), { recursive: true, force: true })
      const w = await world({}, 3000)
      const bad = reader(w, { fs: faultyFs({ at, kind }) })
      let finished = false
      const first = await code((async () => {
        await bad.fetch(w.link, quiet, never)
        await bad.claim(w.link, undefined, never)
        finished = true // what the command calls only when the content is safe
        await bad.finish(w.link, never)
      })())
      codes.add(first)
      if (state(w) !== 'unread') expect((await inbox()).includes('key') || finished).toBe(true)
      const r = reader(w) // a fresh process on the same disk, with room
      const again = await code((async () => {
        await r.fetch(w.link, quiet, never)
        expect(Buffer.compare(await whole(r), w.payload)).toBe(0)
        expect(Buffer.from((await r.claim(w.link, undefined, never)).D).toString('hex')).toBe('d5'.repeat(32))
        await r.finish(w.link, never)
      })())
      // Once the ack is kept the content is known to be safe: then the only thing left to do is to confirm.
      expect([at, dry.steps[at], again]).toEqual([at, dry.steps[at], finished && again !== 'ok' ? 'MESSAGE_READ' : 'ok'])
      await r.tidy(never)
      expect([state(w), await inbox()]).toEqual(['read', []])
    }
    expect([...codes].filter(c => c !== 'ok')).toEqual([kind === 'full' ? 'DISK_FULL' : kind === 'fail' ? 'EIO' : 'KILLED'])
  })
})

describe('a disk that loses bytes and says so at a sync only', () => {
  test.each([
    ['while more of them come', 34, 'EIO', {}],
    ['while more of them come, and the link is cut', 34, 'Error: link cut', { cutAfterBytesFromB: 2000 + 32.5 * LEAF_BYTES }],
    ['at the end', 3, 'EIO', {}],
  ])('%s: nothing is claimed, and all is fetched again, for reading would show the bytes', async (_when, leaves, found, faults: Faults) => {
    const w = await world({}, leaves * LEAF_BYTES)
    const dry = faultyFs()
    await reader(w, { fs: dry }).fetch(w.link, quiet, never)
    await fs.rm(path.join(dir, 'inbox'), { recursive: true })
    w.faults = [faults]
    const r = reader(w, { fs: faultyFs({ at: dry.steps.indexOf('datasync content'), kind: 'fail' }) })
    expect(await code(r.fetch(w.link, quiet, never))).toBe(found)
    expect([state(w), await inbox(), await code(r.claim(w.link, undefined, never))]).toEqual(['unread', ['hashes', 'layout'], 'NOT_FETCHED'])
    const seen: number[] = []
    await r.fetch(w.link, (_step, done) => { if (done !== undefined) seen.push(done) }, never)
    expect([seen[0], seen.length]).toEqual([LEAF_BYTES, leaves])
    expect(Buffer.compare(await whole(r), w.payload)).toBe(0)
  })
})

async function until (done: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 20_000; i++) { if (await done()) return; await new Promise(resolve => setTimeout(resolve, 5)) }
  throw new Error('it never came about')
}
