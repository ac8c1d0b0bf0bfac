import { createHash, randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { unixfs } from '@helia/unixfs'
import { heliaBlockStore } from '@ipkit/core/blocks/helia-block-store'
import type { EphemeralHost } from '@ipkit/core/daemon/service'
import { createEphemeralHost } from '@ipkit/core/net/ephemeral-host'
import { systemClock } from '@ipkit/core/time/clock'
import { memoryLog, testNode } from '@ipkit/testkit/test-node'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { CID } from 'multiformats/cid'
import { payloadCid, RAW_CODEC } from '../src/domain/payload-layout.ts'
import { PLAIN_GRACE_MS, PLAIN_LEASE_MS, RANDOM_BYTES, RANDOM_NAME } from '../src/domain/plain-limits.ts'
import { burnRpc, callBurn, listBurn, type AuditLine, type MessageItem } from '../src/rpc.ts'
import { serviceHome, type ServiceHome } from './service-home.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => { for (const it of opened.splice(0).toReversed()) await it[Symbol.asyncDispose]() })
const open = async <T extends AsyncDisposable>(it: Promise<T>): Promise<T> => { const made = await it; opened.push(made); return made }

let sender: ServiceHome
let clock: ManualClock
beforeEach(async () => { clock = new ManualClock(Date.UTC(2026, 0, 15)); sender = await open(serviceHome(clock)) })

interface Added { readonly message: MessageItem, readonly peerId: string, readonly addresses: readonly string[] }
const add = async (content: Uint8Array, lifeMs = 86_400_000): Promise<Added> =>
  await callBurn(sender.door, burnRpc.createPlain, { name: 'a.bin', lifeMs }, { upload: (async function * () { yield content })() })
const state = async ({ message: { id } }: Added): Promise<{ message: MessageItem, audit: AuditLine[] }> => await callBurn(sender.door, burnRpc.status, { id })

/** Somebody else's IPFS client: Helia with bitswap and UnixFS, connected to the message's host. */
async function helia (added: Added): Promise<{ readonly peerId: string, connections(): number, get(cid: string, ms?: number): Promise<Uint8Array>, folder(): Promise<Map<string, Buffer>> }> {
  const client = await open(testNode())
  const store = await open(heliaBlockStore({ dir: path.join(client.dir, 'blocks'), libp2p: client.node.libp2p, routed: false }))
  await client.node.connect(added.addresses)
  const get = async (cid: string, ms = 10_000): Promise<Uint8Array> => await store.get(cid, { signal: AbortSignal.timeout(ms) })
  return {
    peerId: client.node.peerId,
    connections: () => client.node.peers().length,
    get,
    async folder () {
      const reader = unixfs({ blockstore: { async * get (cid: CID) { yield await get(cid.toString()) } } } as never)
      const found = new Map<string, Buffer>()
      for await (const entry of reader.ls(CID.parse(added.message.cid))) {
        const chunks: Uint8Array[] = []
        for await (const chunk of reader.cat(entry.cid, { blockReadConcurrency: 4 } as never)) chunks.push(chunk)
        found.set(entry.name, Buffer.concat(chunks))
      }
      return found
    },
  }
}

/** A peer that asks block by block. */
async function asker (): Promise<EphemeralHost> {
  return await open(createEphemeralHost({}, { log: memoryLog(), randomBytes: n => new Uint8Array(randomBytes(n)) }))
}

/** What a peer meets with that dials after the claim of another. */
const REFUSED = { code: 'PEER_REFUSED' }

async function until (done: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 10_000; i++) { if (await done()) return; await systemClock.sleep(10) }
  throw new Error('it never came about')
}
const filesOf = async (added: Added): Promise<string[]> => (await fs.readdir(path.join(sender.dataDir, 'plain', added.message.id))).toSorted()
const events = async (added: Added): Promise<string[]> => (await state(added)).audit.map(line => line.event)

describe("a plain message, for other people's clients", () => {
  test.each([['of one leaf', 100], ['of several leaves, the last one short', 3 * 1024 * 1024 + 17]])('a file %s: Helia gets folder and file, a second one nothing', async (_name, size) => {
    const content = randomBytes(size)
    const added = await add(content)
    expect(added.message).toMatchObject({ kind: 'plain', state: 'unread', sizeBytes: size, readsLeft: 1 })
    const first = await helia(added)
    const second = await helia(added)
    const found = await first.folder()
    expect([...found.keys()].toSorted()).toEqual(['a.bin', RANDOM_NAME])
    expect(Buffer.compare(found.get('a.bin')!, content)).toBe(0)
    expect(found.get(RANDOM_NAME)!.length).toBe(RANDOM_BYTES)

    await until(() => second.connections() === 0) // hung up on as soon as the first had claimed
    await expect(second.get(added.message.cid, 700)).rejects.toMatchObject({ name: 'TimeoutError' })
    const third = await helia(added) // a dial succeeds before the other side can tell who it is
    await until(() => third.connections() === 0)
    await expect(third.get(added.message.cid, 700)).rejects.toMatchObject({ name: 'TimeoutError' })
    const { message, audit } = await state(added)
    expect([message.state, message.claimedAt, message.readsLeft]).toEqual(['claimed', clock.now(), 0])
    expect(audit[1]).toMatchObject({ event: 'claimed', reader: first.peerId })

    clock.advance(PLAIN_GRACE_MS)
    await until(async () => (await state(added)).message.state === 'read')
    await until(async () => (await filesOf(added)).join() === 'log')
    await until(() => sender.held.size === 0)
    expect(await events(added)).toEqual(['created', 'claimed', 'acked'])
    await until(async () => await (await asker()).bitswapHas(added.addresses, added.message.cid).then(() => false, (e: { code?: string }) => e.code === 'PEER_UNREACHABLE'))
  })

  test('leaves that are alike are one block', async () => {
    const added = await add(new Uint8Array(3 * 1024 * 1024))
    expect((await (await helia(added)).folder()).get('a.bin')!.length).toBe(3 * 1024 * 1024)
    clock.advance(PLAIN_GRACE_MS)
    await until(async () => (await state(added)).message.state === 'read')
  })

  test('a HAVE is answered and claims nothing, and no block goes before the root', async () => {
    const content = randomBytes(10)
    const added = await add(content)
    const { cid } = added.message
    const leaf = payloadCid(RAW_CODEC, createHash('sha256').update(content).digest()).toString()
    expect(await (await asker()).bitswapHas(added.addresses, cid)).toBe(true)
    expect(await (await asker()).bitswapHas(added.addresses, leaf)).toBe(false) // nobody can find out by the content that it is here
    expect(await (await asker()).bitswapGet(added.addresses, leaf)).toBeUndefined()
    expect((await state(added)).message.state).toBe('unread')
    const reader = await asker()
    const root = await reader.bitswapGet(added.addresses, cid)
    expect(linkIn(root!, 0)).toBe(leaf)
    expect(await reader.bitswapHas(added.addresses, cid)).toBe(true)
    await expect((await asker()).bitswapHas(added.addresses, cid)).rejects.toMatchObject(REFUSED)
    await expect((await asker()).bitswapGet(added.addresses, leaf)).rejects.toMatchObject(REFUSED)
    expect((await reader.bitswapGet(added.addresses, leaf))!.length).toBeGreaterThan(0)
  })

  test('each message has a peer and a port of its own, which are not those of the node', async () => {
    const [a, b] = [await add(randomBytes(10)), await add(randomBytes(10))]
    expect(new Set([a.peerId, b.peerId, sender.net.node.peerId]).size).toBe(3)
    expect(new Set([...a.addresses, ...b.addresses, ...sender.net.node.addresses()].map(text => text.split('/')[4])).size).toBe(3)
    expect(a.addresses.every(text => text.endsWith(`/p2p/${a.peerId}`))).toBe(true)
  })

  test('the same file twice has two roots', async () => {
    const content = randomBytes(50)
    expect((await add(content)).message.cid).not.toBe((await add(content)).message.cid)
  })
})

describe('what survives', () => {
  test('unclaimed: served again by the same peer at the same address', async () => {
    const content = randomBytes(2_000_000)
    const added = await add(content)
    await sender.restart()
    expect(sender.held.has(added.message.id)).toBe(true)
    await until(async () => await (await asker()).bitswapHas(added.addresses, added.message.cid).catch(() => false))
    expect(Buffer.compare((await (await helia(added)).folder()).get('a.bin')!, content)).toBe(0)
  })

  test('claimed: the same peer goes on, and nobody else', async () => {
    const added = await add(randomBytes(1_500_000))
    const reader = await asker()
    const root = await reader.bitswapGet(added.addresses, added.message.cid)
    const file = await reader.bitswapGet(added.addresses, linkIn(root!, 0))
    await sender.restart()
    await until(async () => await reader.bitswapHas(added.addresses, added.message.cid).catch(() => false))
    await expect((await asker()).bitswapGet(added.addresses, added.message.cid)).rejects.toMatchObject(REFUSED)
    for (const cid of [linkIn(root!, 1), linkIn(file!, 0), linkIn(file!, 1)]) expect(await reader.bitswapGet(added.addresses, cid)).toBeDefined()
    expect((await state(added)).message.state).toBe('claimed')
    expect(await reader.bitswapGet(added.addresses, linkIn(file!, 1))).toBeDefined() // asked for again within the grace
    clock.advance(PLAIN_GRACE_MS)
    await until(async () => (await state(added)).message.state === 'read')
  })
})

describe('how it ends', () => {
  test('a reader that takes the root and not the rest: the lease ends, and each block begins it anew', async () => {
    const added = await add(randomBytes(10))
    const reader = await asker()
    const root = await reader.bitswapGet(added.addresses, added.message.cid)
    clock.advance(PLAIN_LEASE_MS - 1)
    await until(async () => await reader.bitswapGet(added.addresses, linkIn(root!, 0)) !== undefined)
    clock.advance(PLAIN_LEASE_MS - 1)
    expect((await state(added)).message.state).toBe('claimed')
    clock.advance(1)
    await until(async () => (await state(added)).message.state === 'unconfirmed')
    await until(async () => (await filesOf(added)).join() === 'log')
    expect(await events(added)).toEqual(['created', 'claimed', 'over'])
  })

  test('expiry and rm erase the slot and the blocks', async () => {
    const [expiring, revoked] = [await add(randomBytes(10), 5000), await add(randomBytes(10))]
    expect(await filesOf(revoked)).toEqual(['content', 'hashes', 'log', 'slot'])
    expect((await callBurn(sender.door, burnRpc.revoke, { id: revoked.message.id })).state).toBe('revoked')
    expect(await filesOf(revoked)).toEqual(['log'])
    clock.advance(5000)
    await until(async () => (await state(expiring)).message.state === 'expired')
    await until(async () => (await filesOf(expiring)).join() === 'log')
    await sender.restart()
    const states: string[] = []
    for await (const item of listBurn(sender.door, burnRpc.list, {})) states.push(item.state)
    expect(states.toSorted()).toEqual(['expired', 'revoked'])
  })

  test('without its slot nothing is served any more', async () => {
    const added = await add(randomBytes(10))
    await fs.unlink(path.join(sender.dataDir, 'plain', added.message.id, 'slot'))
    await sender.restart()
    await until(async () => (await state(added)).message.state === 'expired')
  })
})

describe('at rest', () => {
  test('no file of the home holds a block or a hash of one', async () => {
    const content = randomBytes(1_100_000)
    const added = await add(content)
    const reader = await helia(added)
    const root = await reader.get(added.message.cid)
    const random = await reader.get(linkIn(root, 1))
    const hashes = [linkIn(root, 0), linkIn(root, 1)].map(cid => CID.parse(cid).multihash.digest)
    const secrets = [content.subarray(0, 32), content.subarray(-32), root.subarray(0, 40), random, ...hashes]
    const files = (await fs.readdir(sender.net.dir, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
    expect(files.length).toBeGreaterThan(3)
    for (const entry of files) {
      const bytes = await fs.readFile(path.join(entry.parentPath, entry.name))
      expect([entry.name, ...secrets.filter(secret => bytes.includes(Buffer.from(secret)))]).toEqual([entry.name])
    }
    expect([sender.blocks.size, await sender.blocks.has(added.message.cid)]).toEqual([0, false])
    expect(JSON.stringify(sender.net.log.lines)).not.toContain(content.subarray(0, 16).toString('hex'))
  })

  test('an add whose client leaves is gone at once', async () => {
    const cancel = new AbortController()
    const upload = (async function * () { for (let i = 0; ; i++) { if (i === 3) cancel.abort(new Error('left')); yield new Uint8Array(1 << 20) } })()
    await expect(callBurn(sender.door, burnRpc.createPlain, { name: 'a', lifeMs: 60_000 }, { upload, signal: cancel.signal })).rejects.toThrow('left')
    expect([await fs.readdir(path.join(sender.dataDir, 'plain')), sender.held.size]).toEqual([[], 0])
  })
})

/** The CID of a dag-pb node's link, by number: PBNode { Links (2): { Hash (1), … } }. Reads the few bytes that are needed here. */
function linkIn (node: Uint8Array, wanted: number): string {
  for (let at = 0, n = 0; node[at] === 0x12; n++) {
    let size = node[at + 1]!
    let head = 2
    if (size >= 128) { size = size - 128 + node[at + 2]! * 128; head = 3 }
    if (n === wanted) return CID.decode(node.subarray(at + head + 2, at + head + 2 + node[at + head + 1]!)).toString()
    at += head + size
  }
  throw new Error('no such link')
}
