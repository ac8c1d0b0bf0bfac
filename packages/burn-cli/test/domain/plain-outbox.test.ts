import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { decode } from '@ipld/dag-pb'
import type { BitswapGate } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import type { StorageFs } from '@ipkit/core/storage/storage-fs'
import { faultyFs, type DiskFault } from '@ipkit/testkit/faulty-fs'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { fsPlainStore } from '../../src/adapters/fs-plain-store.ts'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { MAX_PLAIN_WAITING, PLAIN_GRACE_MS, PLAIN_LEASE_MS } from '../../src/domain/plain-limits.ts'
import { PlainOutbox } from '../../src/domain/plain-outbox.ts'
import { plainItem } from '../../src/domain/plain-record.ts'
import { TOMBSTONE_MS } from '../../src/domain/limits.ts'

const DAY_MS = 86_400_000
let dir: string
let clock: ManualClock
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'burn-plain-')); clock = new ManualClock(Date.UTC(2026, 0, 15)) })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

/** A sender on a disk that may fail, whose hosts are gates without a network. */
interface Sender {
  readonly outbox: PlainOutbox
  /** Of the message whose host was started last. */
  readonly gate: () => BitswapGate
  readonly seeds: string[]
}

/** @param portTaken whether another program has the port now */
async function open (disk?: StorageFs, portTaken = (): boolean => false): Promise<Sender> {
  let last: BitswapGate | undefined
  const sender = { gate: () => last!, seeds: [] as string[] }
  const outbox = await PlainOutbox.open({
    store: fsPlainStore({ dataDir: dir, marks: { loadTimeMark: async () => undefined, saveTimeMark: async () => {} }, report: () => {}, ...disk === undefined ? {} : { fs: disk } }),
    clock,
    report: () => {},
    waiting: { hold: async () => {}, release: async () => {} },
    randomBytes: n => new Uint8Array(randomBytes(n)),
    sha256: nodeBulkCrypto.sha256,
    async serve (seed, port = 5000, gate) {
      if (portTaken()) throw new AppError('LISTEN_FAILED', 'taken')
      sender.seeds.push(Buffer.from(seed).toString('hex'))
      last = gate
      return { peerId: 'host', addresses: () => [`/ip4/127.0.0.1/tcp/${port}`], [Symbol.asyncDispose]: async () => {} }
    },
  })
  await outbox.sweep() // as `run` does first
  return Object.assign(sender, { outbox })
}

const content = randomBytes(1_100_000)
const create = async ({ outbox }: Sender): Promise<string> =>
  (await outbox.create({ name: 'a', lifeMs: DAY_MS }, (async function * () { yield content })(), new AbortController().signal)).id
const item = (sender: Sender, id: string): ReturnType<typeof plainItem> => plainItem(id, sender.outbox.record(id))
const filesOf = async (id: string): Promise<string> => (await fs.readdir(path.join(dir, 'plain', id))).toSorted().join()

async function take (gate: BitswapGate, cid: string, peer: string): Promise<Uint8Array | undefined> {
  const bytes = await gate.get(cid, peer, 'block')
  if (bytes !== undefined) await gate.sent?.(cid, peer)
  return bytes
}

/** Root first, then everything. @returns how many blocks it got */
async function takeAll (gate: BitswapGate, root: string, peer: string): Promise<number> {
  const top = await take(gate, root, peer)
  if (top === undefined) return 0
  const [file, random] = decode(top).Links.map(link => link.Hash.toString())
  const node = await take(gate, file!, peer)
  const rest = [random!, ...decode(node!).Links.map(link => link.Hash.toString())]
  let taken = 2
  for (const cid of rest) if (await take(gate, cid, peer) !== undefined) taken++
  return taken
}
const BLOCKS = 5

const settled = async (work: Promise<unknown>): Promise<boolean> => await work.then(() => true, () => false)
/** How many steps on the disk `work` takes. */
async function countSteps (work: (disk: StorageFs) => Promise<unknown>): Promise<number> {
  const disk = faultyFs()
  await work(disk)
  await fs.rm(path.join(dir, 'plain'), { recursive: true })
  return disk.steps.length
}
const kinds = ['torn', 'fail'] as const satisfies ReadonlyArray<DiskFault['kind']>

test.each(kinds)('the disk stops (%s) at each step of an add: it is whole afterwards, or nothing is left', async kind => {
  const total = await countSteps(async disk => await create(await open(disk)))
  let left = 0
  for (let at = 0; at < total; at++) {
    const added = await settled((async () => await create(await open(faultyFs({ at, kind }))))())
    const after = await open()
    const records = after.outbox.records()
    if (added) expect(records.length).toBe(1)
    if (records.length > 0) expect(await takeAll(after.gate(), records[0]!.record.created.root, 'anybody')).toBe(BLOCKS)
    else expect(await fs.readdir(path.join(dir, 'plain'))).toEqual([])
    left += records.length
    await fs.rm(path.join(dir, 'plain'), { recursive: true })
  }
  expect(left).toBeLessThan(total)
})

test.each(kinds)('the disk stops (%s) at each step of a claim: never two peers have the root, and the first goes on', async kind => {
  const id = await create(await open())
  const before = await fs.cp(path.join(dir, 'plain'), path.join(dir, 'before'), { recursive: true }).then(() => path.join(dir, 'before'))
  const again = async (): Promise<void> => { await fs.rm(path.join(dir, 'plain'), { recursive: true, force: true }); await fs.cp(before, path.join(dir, 'plain'), { recursive: true }) }
  const { cid } = item(await open(), id)
  const total = await countSteps(async disk => await takeAll((await open(disk)).gate(), cid, 'first'))
  const seen = new Set<string>()
  for (let at = 0; at < total; at++) {
    await again()
    let top: Uint8Array | undefined
    await settled((async () => { top = await take((await open(faultyFs({ at, kind }))).gate(), cid, 'first') })())
    const after = await open()
    const second = await take(after.gate(), cid, 'second')
    if (top !== undefined) expect(second).toBeUndefined()
    const owner = second === undefined ? 'first' : 'second'
    expect(await takeAll(after.gate(), cid, owner)).toBe(BLOCKS)
    expect(await take(after.gate(), cid, owner === 'first' ? 'second' : 'first')).toBeUndefined()
    seen.add(owner)
  }
  expect([...seen].toSorted()).toEqual(['first', 'second'])
})

test('a CLAIMED that the disk refuses sends nothing, and the same host goes on when the disk does', async () => {
  const id = await create(await open())
  const disk = faultyFs({ at: 1, kind: 'full' })
  const sender = await open(disk)
  const { cid } = item(sender, id)
  await expect(take(sender.gate(), cid, 'first')).rejects.toMatchObject({ code: 'DISK_FULL' })
  expect(item(sender, id).state).toBe('unread')
  disk.repair()
  expect(await takeAll(sender.gate(), cid, 'second')).toBe(BLOCKS)
  expect(await take(sender.gate(), cid, 'first')).toBeUndefined()
})

test('many peers at once: one gets the root', async () => {
  const sender = await open()
  const { cid } = item(sender, await create(sender))
  const got = await Promise.all(Array.from({ length: 16 }, async (_, i) => await take(sender.gate(), cid, `peer ${i}`)))
  expect(got.filter(bytes => bytes !== undefined).length).toBe(1)
})

test.each(kinds)('the disk stops (%s) at each step of rm: what was said to be gone is gone, and the rest goes at the next start', async kind => {
  const total = await countSteps(async disk => { const sender = await open(disk); await sender.outbox.revoke(await create(sender)) })
  const first = await countSteps(async disk => await create(await open(disk)))
  for (let at = first; at < total; at++) {
    const sender = await open(faultyFs({ at, kind }))
    const id = await create(sender)
    const gone = await settled(sender.outbox.revoke(id))
    if (gone) expect(await filesOf(id)).toBe('log')
    const after = await open()
    const { state } = item(after, id)
    if (state === 'unread') expect(gone).toBe(false)
    else expect([['revoked', 'expired'], await filesOf(id)]).toEqual([expect.arrayContaining([state]), 'log']) // expired: the disk did not take why its key went
    await fs.rm(path.join(dir, 'plain'), { recursive: true })
  }
})

describe('time', () => {
  test('a lease that ran when the node stopped begins anew', async () => {
    const sender = await open()
    const id = await create(sender)
    await take(sender.gate(), item(sender, id).cid, 'first')
    clock.advance(PLAIN_LEASE_MS - 1)
    await sender.outbox.close()
    const after = await open()
    clock.advance(PLAIN_LEASE_MS - 1)
    await after.outbox.sweep()
    expect(item(after, id).state).toBe('claimed')
    clock.advance(1)
    await after.outbox.sweep()
    expect([item(after, id).state, await filesOf(id)]).toEqual(['unconfirmed', 'log'])
  })

  test('asking again within the grace is answered and does not prolong it', async () => {
    const sender = await open()
    const id = await create(sender)
    const { cid } = item(sender, id)
    await takeAll(sender.gate(), cid, 'first')
    clock.advance(PLAIN_GRACE_MS - 1)
    expect(await takeAll(sender.gate(), cid, 'first')).toBe(BLOCKS)
    clock.advance(1)
    await sender.outbox.sweep()
    expect([item(sender, id).state, item(sender, id).readAt, await filesOf(id)]).toEqual(['read', clock.now(), 'log'])
    expect(await take(sender.gate(), cid, 'first')).toBeUndefined()
  })

  test('expiry cuts a read short', async () => {
    const sender = await open()
    const id = await create(sender)
    const { cid } = item(sender, id)
    await take(sender.gate(), cid, 'first')
    clock.advance(DAY_MS)
    expect(await take(sender.gate(), cid, 'first')).toBeUndefined()
    expect([item(sender, id).state, await filesOf(id)]).toEqual(['expired', 'log'])
  })

  test('a clock set back prolongs nothing', async () => {
    const sender = await open()
    const id = await create(sender)
    clock.advance(DAY_MS - 1)
    await sender.outbox.sweep()
    clock.set(Date.UTC(2020, 0, 1))
    await sender.outbox.sweep()
    clock.advance(1)
    await sender.outbox.sweep()
    expect(item(sender, id).state).toBe('expired')
  })

  test('the audit goes after its time', async () => {
    const sender = await open()
    await sender.outbox.revoke(await create(sender))
    clock.advance(TOMBSTONE_MS)
    await sender.outbox.sweep()
    expect([sender.outbox.records(), await fs.readdir(path.join(dir, 'plain'))]).toEqual([[], []])
  })
})

test('the host comes back with its key, and later when its port is taken', async () => {
  const sender = await open()
  const id = await create(sender)
  await sender.outbox.close()
  const after = await open()
  expect(after.seeds).toEqual(sender.seeds)
  await after.outbox.close()
  let taken = true
  const late = await open(undefined, () => taken)
  expect([late.seeds, item(late, id).state]).toEqual([[], 'unread'])
  taken = false
  await late.outbox.sweep()
  expect(late.seeds).toEqual(sender.seeds)
})

test('what the disk did not take of the end is written when it does', async () => {
  const id = await create(await open())
  const disk = faultyFs({ at: 1, kind: 'full' })
  const sender = await open(disk)
  await sender.outbox.revoke(id)
  expect(await filesOf(id)).toBe('log')
  disk.repair()
  await sender.outbox.sweep()
  expect(item(await open(), id).state).toBe('revoked')
})

test('one more than may wait is refused, and leaves nothing', async () => {
  const sender = await open()
  const small = async (): Promise<unknown> => await sender.outbox.create({ name: 'a', lifeMs: DAY_MS }, (async function * () { yield Uint8Array.of(1) })(), new AbortController().signal)
  for (let i = 0; i < MAX_PLAIN_WAITING; i++) await small()
  await expect(small()).rejects.toMatchObject({ code: 'TOO_MANY_PLAIN', exit: 'busy' })
  expect((await fs.readdir(path.join(dir, 'plain'))).length).toBe(MAX_PLAIN_WAITING)
  await sender.outbox.revoke(sender.outbox.records()[0]!.id)
  await small()
})

test('a log with a bad record is over, and its key goes', async () => {
  const id = await create(await open())
  const log = path.join(dir, 'plain', id, 'log')
  const bytes = await fs.readFile(log)
  bytes[40]! ^= 1
  await fs.writeFile(log, bytes)
  const after = await open()
  expect([after.outbox.records().length, await filesOf(id)]).toEqual([0, 'log'])
})
