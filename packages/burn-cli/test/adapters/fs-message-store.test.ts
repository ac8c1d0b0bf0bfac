import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { StorageFs } from '@ipkit/core/storage/storage-fs'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { fsMessageStore } from '../../src/adapters/fs-message-store.ts'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { LEAF_BYTES, LEASE_MS } from '../../src/domain/limits.ts'
import { idText } from '../../src/domain/message-record.ts'
import { Outbox } from '../../src/domain/outbox.ts'
import { rootCid } from '../../src/domain/payload-layout.ts'

const START = 1_700_000_000_000
const bytes = (n: number, size = 32): Uint8Array => new Uint8Array(size).fill(n)
const ID = bytes(1, 16)
const [A, B] = [bytes(0xa), bytes(0xb)] as [Uint8Array, Uint8Array]
const SECRET = bytes(0xd5)

let dir: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'burn-store-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true, force: true }) })

const folder = (): string => path.join(dir, 'messages', idText(ID))
const files = async (): Promise<string[]> => await fs.readdir(folder()).then(f => f.toSorted(), () => [])

async function open (options: { fs?: StorageFs, clock?: ManualClock, reports?: string[] } = {}): Promise<Outbox> {
  const report = (what: string): void => { options.reports?.push(what) }
  return await Outbox.open({
    store: fsMessageStore({ dataDir: dir, report, ...options.fs === undefined ? {} : { fs: options.fs } }),
    clock: options.clock ?? new ManualClock(START), report, waiting: { hold: async () => {}, release: async () => {} },
  })
}

async function add (outbox: Outbox, options: { payload?: AsyncIterable<Uint8Array>, volatile?: boolean, signal?: AbortSignal } = {}): Promise<void> {
  async function * one (): AsyncGenerator<Uint8Array> { yield bytes(7, 3000) }
  await outbox.create({
    id: ID, D: SECRET.slice(), linkProofKey: bytes(2), passProofKey: null, lifeMs: 86_400_000, reads: 1, to: null, web: false, strict: false, volatile: options.volatile ?? false, name: 'secret.txt',
  }, options.payload ?? one(), options.signal ?? new AbortController().signal)
}

/** @returns the secret's first byte in hex, a refusal's code, or an error's code in brackets */
async function claim (outbox: Outbox, key: Uint8Array): Promise<string> {
  try {
    const v = await outbox.claim(ID, { readerKey: key, reader: 'p', passProof: 'missing', seal: async D => Buffer.from(D).toString('hex') })
    return v.kind === 'refused' ? v.code : v.sealed === Buffer.from(SECRET).toString('hex') ? 'D' : 'garbage'
  } catch (e) {
    return `[${(e as { code?: string }).code}]`
  }
}

/** Whether D's bytes stand in any file below the data folder. */
async function isOnDisk (secret: Uint8Array): Promise<string[]> {
  const all = await fs.readdir(dir, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const entry of all.filter(e => e.isFile())) {
    const content = await fs.readFile(path.join(entry.parentPath, entry.name))
    if (content.includes(Buffer.from(secret)) || content.includes(Buffer.from(secret).toString('base64url')) || content.includes(Buffer.from(secret).toString('hex'))) found.push(entry.name)
  }
  return found
}

describe('payload', () => {
  // Around the leaf, and where the tree gets a node.
  test.each([1, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 3 * LEAF_BYTES + 5])('of %i bytes comes back leaf by leaf, whatever its chunks were', async size => {
    const whole = Buffer.alloc(size)
    for (let i = 0; i < size; i += 4093) whole[i] = (i * 7) & 0xff
    async function * chunks (): AsyncGenerator<Uint8Array> {
      for (let at = 0, n = 1; at < size; n = (n * 3) % 700_001 + 1) { yield whole.subarray(at, at + n); at += n }
    }
    const outbox = await open()
    await add(outbox, { payload: chunks() })
    const count = Math.ceil(size / LEAF_BYTES)
    const leaves: Uint8Array[] = []
    for await (const leaf of outbox.leaves(ID, 0, count)) leaves.push(leaf)
    expect(Buffer.concat(leaves).equals(whole)).toBe(true)
    const hashes = (await outbox.hashes(ID, 0, count))!
    expect(Buffer.from(hashes).equals(Buffer.concat(leaves.map(l => nodeBulkCrypto.sha256(l))))).toBe(true)
    expect(outbox.find(ID)!.root.equals(rootCid(nodeBulkCrypto.sha256, size, hashes))).toBe(true)
    expect([outbox.find(ID)!.info.sizeBytes, outbox.holds(outbox.find(ID)!.root)]).toEqual([size, true])
    await outbox.close()
  })

  test('that is revoked while it is read ends there, though the file is open', async () => {
    const outbox = await open()
    await add(outbox, { payload: (async function * () { yield Buffer.alloc(4 * LEAF_BYTES, 1) })() })
    const leaves = outbox.leaves(ID, 0, 4)
    expect((await leaves.next()).value).toHaveLength(LEAF_BYTES)
    await outbox.revoke(ID)
    expect(await leaves.next()).toEqual({ done: true, value: undefined })
    await outbox.close()
  })

  test('leaves nothing open when it is read in part', async () => {
    const outbox = await open()
    await add(outbox, { payload: (async function * () { yield Buffer.alloc(4 * LEAF_BYTES, 1) })() })
    for await (const leaf of outbox.leaves(ID, 1, 3)) { expect(leaf).toHaveLength(LEAF_BYTES); break }
    const names = await Promise.all((await fs.readdir('/proc/self/fd')).map(async fd => await fs.readlink(`/proc/self/fd/${fd}`).catch(() => '')))
    expect(names.filter(file => file.startsWith(dir) && file.endsWith('content'))).toEqual([])
    await outbox.close()
  })

  test('without a byte is no message', async () => {
    const outbox = await open()
    await expect(add(outbox, { payload: (async function * () {})() })).rejects.toMatchObject({ code: 'PAYLOAD_EMPTY' })
    expect(await fs.readdir(path.join(dir, 'messages'))).toEqual([])
  })

  test.each([0, 1, 2.5])('that breaks off after %d leaves leaves nothing', async leaves => {
    const outbox = await open()
    async function * broken (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < leaves * 2; i++) yield bytes(i, LEAF_BYTES / 2)
      throw new Error('client left')
    }
    await expect(add(outbox, { payload: broken() })).rejects.toThrow('client left')
    expect(await fs.readdir(path.join(dir, 'messages'))).toEqual([])
    await add(outbox) // and the same id can be added
    expect(await claim(outbox, A)).toBe('D')
    await outbox.close()
  })

  test('that the disk loses bytes of while more come is no message, though the last sync would succeed', async () => {
    async function * long (): AsyncGenerator<Uint8Array> { for (let i = 0; i < 34; i++) yield bytes(i, LEAF_BYTES) }
    let syncs = 0
    const losing: StorageFs = {
      ...fs,
      async open (file, flags, mode) {
        const handle = await fs.open(file, flags, mode)
        if (path.basename(file) === 'content') handle.datasync = async () => { if (++syncs === 1) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }) }
        return handle
      },
    }
    const outbox = await open({ fs: losing })
    await expect(add(outbox, { payload: long() })).rejects.toMatchObject({ code: 'EIO' })
    expect([syncs, await fs.readdir(path.join(dir, 'messages'))]).toEqual([1, []])
    await outbox.close()
  })

  test('whose client left is not taken further, though it goes on sending', async () => {
    const outbox = await open()
    const cancel = new AbortController()
    let sent = 0
    async function * endless (): AsyncGenerator<Uint8Array> { for (;;) { if (++sent === 5) cancel.abort(new Error('client left')); yield bytes(1, LEAF_BYTES) } }
    await expect(add(outbox, { payload: endless(), signal: cancel.signal })).rejects.toThrow('client left')
    expect(sent).toBeLessThan(8)
    expect(await fs.readdir(path.join(dir, 'messages'))).toEqual([])
  })
})

describe('where D is', () => {
  test('alone in its slot, and nowhere after the read', async () => {
    const outbox = await open()
    await add(outbox)
    expect(await isOnDisk(SECRET)).toEqual(['slot'])
    expect(await claim(outbox, A)).toBe('D')
    expect(await isOnDisk(SECRET)).toEqual(['slot'])
    await outbox.confirm(ID, A)
    expect(await isOnDisk(SECRET)).toEqual([])
    expect(await files()).toEqual(['log'])
    await outbox.close()
  })

  test('nowhere with volatile', async () => {
    const outbox = await open()
    await add(outbox, { volatile: true })
    expect([await isOnDisk(SECRET), await files()]).toEqual([[], ['content', 'hashes', 'log']])
    expect(await claim(outbox, A)).toBe('D')
    await outbox.close()
  })

  test('only its owner can look: folders 0700, files 0600', async () => {
    const outbox = await open()
    await add(outbox)
    const modes = await Promise.all(['', ...await files()].map(async f => (await fs.stat(path.join(folder(), f))).mode & 0o777))
    expect(modes).toEqual([0o700, 0o600, 0o600, 0o600, 0o600])
    await outbox.close()
  })
})

test('a second message with the same id is refused and does not touch the first', async () => {
  const outbox = await open()
  await add(outbox)
  await expect(add(outbox)).rejects.toMatchObject({ code: 'MESSAGE_EXISTS' })
  await outbox.close()
  expect(await claim(await open(), A)).toBe('D')
})

test('a log of a newer version is left alone, and the others work', async () => {
  const outbox = await open()
  await add(outbox)
  await outbox.close()
  const other = path.join(dir, 'messages', 'ff'.repeat(16))
  await fs.cp(folder(), other, { recursive: true })
  const log = await fs.readFile(path.join(other, 'log'))
  log[7] = 2
  await fs.writeFile(path.join(other, 'log'), log)
  const reports: string[] = []
  const again = await open({ reports })
  expect([await claim(again, A), again.records().length, reports.length]).toEqual(['D', 1, 1])
  expect((await fs.readdir(other)).toSorted()).toEqual(['content', 'hashes', 'log', 'slot'])
  await again.close()
})

// The whole life of a message on a disk that breaks at one step. After it a fresh process looks at what is there.
describe.each(['full', 'fail', 'kill', 'torn'] as const)('%s at every step', kind => {
  test('of an add: it is there whole and unread, or nothing of it is', async () => {
    const total = await stepsOf(async outbox => { await add(outbox) })
    for (let at = total.before; at < total.after; at++) {
      await fs.rm(path.join(dir, 'messages'), { recursive: true, force: true })
      const faulty = faultyFs({ at, kind })
      const added = await open({ fs: faulty }).then(async o => { await add(o) }).then(() => 'added', (e: unknown) => (e as { code: string }).code)
      expect(added).toBe(kind === 'full' ? 'DISK_FULL' : kind === 'fail' ? 'EIO' : 'KILLED')
      if (kind === 'full' || kind === 'fail') expect(await files()).toEqual([]) // at once, not at the next start
      const after = await open()
      if (after.find(ID) === undefined) expect(await fs.readdir(path.join(dir, 'messages'))).toEqual([])
      else expect([after.find(ID)!.info.state, await claim(after, A)]).toEqual(['unread', 'D'])
      expect([[], ['slot']]).toContainEqual(await isOnDisk(SECRET))
      await after.close()
    }
  })

  test('of claim, ack: never two holders, and the first one loses nothing that it did not confirm', async () => {
    const total = await stepsOf(async outbox => { await claim(outbox, A); await outbox.confirm(ID, A) }, true)
    const outcomes = new Set<string>()
    for (let at = total.before; at < total.after; at++) {
      await fs.rm(path.join(dir, 'messages'), { recursive: true, force: true })
      const first = await open(); await add(first); await first.close()

      const faulty = faultyFs({ at, kind })
      const outbox = await open({ fs: faulty })
      const gotA = await claim(outbox, A)
      const acked = gotA === 'D' && await outbox.confirm(ID, A).catch(() => false)
      faulty.repair()
      const laterA = kind === 'full' || kind === 'fail' ? await claim(outbox, A) : 'dead'
      const laterB = kind === 'full' || kind === 'fail' ? await claim(outbox, B) : 'dead'

      const after = await open() // a fresh process on what the disk has now
      const [thenB, thenA] = [await claim(after, B), await claim(after, A)]
      const holders = new Set([...[gotA, laterA, thenA].filter(v => v === 'D').map(() => 'A'), ...[laterB, thenB].filter(v => v === 'D').map(() => 'B')])
      expect(holders.size).toBeLessThanOrEqual(1)
      if (gotA === 'D' && !acked) expect(['D', 'read']).toContain(thenA) // came back with the same key; read: its ack stands in the log though its sync failed
      if (acked) expect([thenA, thenB]).toEqual(['read', 'read'])
      if (acked || thenA === 'read') expect(await isOnDisk(SECRET)).toEqual([])
      outcomes.add(`${gotA} ${String(acked)} ${laterA} ${laterB} ${thenB} ${thenA}`)
      await after.close()
    }
    expect(outcomes.size).toBeGreaterThan(1) // the faults did hit different moments
  })

  test('of an expiry: D is destroyed by then, or at the next start', async () => {
    const late = new ManualClock(START + 86_400_000)
    const total = await stepsOf(async () => {}, true, late)
    for (let at = 0; at < total.after; at++) {
      await fs.rm(path.join(dir, 'messages'), { recursive: true, force: true })
      const first = await open(); await add(first); await first.close()
      const outbox = await open({ fs: faultyFs({ at, kind }), clock: late }).catch(() => undefined)
      if (outbox !== undefined) expect(await claim(outbox, A)).not.toBe('D')
      const after = await open({ clock: late })
      expect([await claim(after, A), await isOnDisk(SECRET), await files()]).toEqual(['expired', [], ['log']])
      await after.close()
    }
  })
})

/** How many steps a run takes without a fault: opening the store, then `work`. */
async function stepsOf (work: (outbox: Outbox) => Promise<void>, added = false, clock = new ManualClock(START)): Promise<{ before: number, after: number }> {
  if (added) { const o = await open(); await add(o); await o.close() }
  const dry = faultyFs()
  const outbox = await open({ fs: dry, clock })
  const before = dry.steps.length
  await work(outbox)
  const after = dry.steps.length // closing has steps of its own
  await outbox.close()
  await fs.rm(path.join(dir, 'messages'), { recursive: true, force: true })
  await fs.rm(path.join(dir, 'time.json'), { force: true })
  return { before, after }
}

test('a lease that ends on a full disk still destroys D', async () => {
  const clock = new ManualClock(START)
  const first = await open({ clock }); await add(first); await first.close()
  const dry = await stepsOfOpenAndClaim()
  await add(await open({ clock }))
  const outbox = await open({ fs: faultyFs({ at: dry, kind: 'full' }), clock })
  expect(await claim(outbox, A)).toBe('D')
  clock.advance(LEASE_MS)
  await outbox.sweep()
  expect([outbox.find(ID)!.info.state, await isOnDisk(SECRET)]).toEqual(['unconfirmed', []])
})

async function stepsOfOpenAndClaim (): Promise<number> {
  const dry = faultyFs()
  const outbox = await open({ fs: dry })
  await claim(outbox, A)
  await outbox.close()
  await fs.rm(path.join(dir, 'messages'), { recursive: true, force: true })
  return dry.steps.length
}
