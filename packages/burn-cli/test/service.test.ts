import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { wasmArgon2id } from '../src/adapters/wasm-argon2id.ts'
import { nodeTarget, openMessage, preparePassphrase } from '../src/domain/incoming-message.ts'
import { parseBurnLink } from '../src/domain/link.ts'
import { idText } from '../src/domain/message-record.ts'
import { keysForNode, linkOf, makeSecrets, sealMessage, type OutgoingSecrets } from '../src/domain/outgoing-message.ts'
import { PAYLOAD_HEADER_BYTES } from '../src/domain/payload-header.ts'
import { burnRpc, callBurn, listBurn, readBurn, type CreateParams, type FindItem, type MessageItem } from '../src/rpc.ts'
import { parsePeerAddress } from '@ipkit/core/link/peer-address'
import { serviceHome, type ServiceHome as Home } from './service-home.ts'

const homes: Home[] = []
let sender: Home
let reader: Home
beforeEach(async () => { sender = await home(); reader = await home() })
afterEach(async () => { for (const h of homes.splice(0)) await h[Symbol.asyncDispose]() })

async function home (): Promise<Home> {
  const made = await serviceHome()
  homes.push(made)
  return made
}

const keysOf = (secrets: OutgoingSecrets): Pick<CreateParams, 'id' | 'D' | 'linkProofKey' | 'passProofKey'> => {
  const keys = keysForNode(secrets)
  return { ...keys, id: idText(keys.id) }
}

interface Added { link: string, item: MessageItem }
async function add (content: Uint8Array, options: Partial<CreateParams> = {}, passphrase?: string): Promise<Added> {
  const here = await callBurn(sender.door, burnRpc.whereAmI, {})
  const secrets = await makeSecrets(n => new Uint8Array(randomBytes(n)), async () => wasmArgon2id, passphrase)
  const upload = sealMessage(nodeBulkCrypto, secrets, (async function * () { yield content })(), { name: 'a.txt', pad: true })
  const item = await callBurn(sender.door, burnRpc.create, {
    ...keysOf(secrets), lifeMs: 60_000, reads: 1, to: null, web: false, strict: false, volatile: false, name: 'a.txt', ...options,
  }, { upload })
  const { ip, port } = parsePeerAddress(here.addresses[0]!)
  return { link: linkOf(secrets, { addresses: [{ ip, port }], sender: here.peerId, cid: item.cid, addressed: options.to !== undefined && options.to !== null }), item }
}

async function read (home: Home, text: string, passphrase?: string): Promise<{ content: Buffer, confirmed: boolean }> {
  const link = parseBurnLink(text)
  const target = nodeTarget(link, [])
  await callBurn(home.door, burnRpc.fetch, target)
  const header = Buffer.concat(await collect(readBurn(home.door, burnRpc.content, { id: target.id, sizeBytes: PAYLOAD_HEADER_BYTES })))
  const pass = passphrase === undefined ? undefined : await preparePassphrase(wasmArgon2id, passphrase, link, header)
  const { D } = await callBurn(home.door, burnRpc.claim, { ...target, passProofKey: pass?.proofKey ?? null })
  const opened = await openMessage(nodeBulkCrypto, link, D, pass, readBurn(home.door, burnRpc.content, { id: target.id }))
  const content = Buffer.concat((await collect(opened.content)))
  const { confirmed } = await callBurn(home.door, burnRpc.finish, target)
  return { content, confirmed }
}

async function collect (source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const out: Uint8Array[] = []
  for await (const chunk of source) out.push(Uint8Array.from(chunk))
  return out
}
const list = async (h: Home): Promise<MessageItem[]> => { const out: MessageItem[] = []; for await (const i of listBurn(h.door, burnRpc.list, {})) out.push(i); return out }
const code = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'ok', (e: unknown) => (e as { code?: string }).code ?? String(e))

describe('over real sockets', () => {
  test('a message goes from one node to the other once; the audit says who and when', async () => {
    const content = randomBytes(3_000_000)
    const { link, item } = await add(content)
    expect([item.state, item.name, item.claimedAt, sender.held.size]).toEqual(['unread', 'a.txt', null, 1])
    const got = await read(reader, link)
    expect([Buffer.compare(got.content, content), got.confirmed]).toEqual([0, true])
    expect(await code(read(reader, link))).toBe('MESSAGE_READ')
    const { message, audit } = await callBurn(sender.door, burnRpc.status, { id: item.id })
    expect([message.state, audit.map(a => a.event), sender.held.size]).toEqual(['read', ['created', 'claimed', 'acked'], 0])
    expect(audit[1]!.reader).toMatch(/^12D3KooW/)
    expect(audit[1]!.reader).not.toBe(reader.net.node.peerId) // a throw-away peer
    expect(message.readAt).toBeGreaterThanOrEqual(message.claimedAt!)
    expect(await fs.readdir(path.join(reader.dataDir, 'inbox'))).toEqual([])
  })

  test('with a passphrase, and --to: only the named peer, as itself', async () => {
    const to = reader.net.node.peerId
    const { link, item } = await add(Buffer.from('hello'), { to }, 'correct horse')
    const third = await home()
    expect(await code(read(third, link, 'correct horse'))).toBe('MESSAGE_UNKNOWN')
    expect(await code(read(reader, link, 'wrong'))).toBe('PASSPHRASE_WRONG')
    expect((await read(reader, link, 'correct horse')).content.toString()).toBe('hello')
    expect((await callBurn(sender.door, burnRpc.status, { id: item.id })).audit.map(a => [a.event, a.reader])).toEqual([
      ['created', null], ['wrong', to], ['claimed', to], ['acked', to],
    ])
  })

  test('8 readers at once: one gets it', async () => {
    const { link } = await add(Buffer.from('hello'))
    const others = [reader, ...await Promise.all(Array.from({ length: 3 }, home))]
    const results = await Promise.all(others.map(async h => await code(read(h, link))))
    expect(results.filter(r => r === 'ok').length).toBe(1)
    for (const r of results) expect(r).toMatch(/^(ok|MESSAGE_(CLAIMED|READ))$/)
  })

  test('a sender that was started again knows its messages, its claims and its leases', async () => {
    const { link, item } = await add(Buffer.from('hello'))
    const target = nodeTarget(parseBurnLink(link), [])
    await callBurn(reader.door, burnRpc.fetch, target)
    await sender.restart()
    const first = await callBurn(reader.door, burnRpc.claim, { ...target, passProofKey: null })
    await sender.restart()
    await reader.restart()
    expect((await list(sender)).map(m => [m.id, m.state])).toEqual([[item.id, 'claimed']])
    expect((await callBurn(reader.door, burnRpc.claim, { ...target, passProofKey: null })).D).toEqual(first.D)
    expect((await callBurn(reader.door, burnRpc.finish, target)).confirmed).toBe(true)
    expect((await list(sender))[0]!.state).toBe('read')
  })

  test('expiry comes by itself', async () => {
    const { item } = await add(Buffer.from('hello'), { lifeMs: 1000 })
    await until(async () => (await list(sender))[0]!.state === 'expired')
    await until(async () => (await fs.readdir(path.join(sender.dataDir, 'messages', item.id))).join() === 'log')
    await until(async () => sender.held.size === 0)
    expect((await list(sender))[0]!.endedAt).toBeGreaterThanOrEqual(item.createdAt + 1000)
  })

  test('a sender that is off: unreachable, and what was fetched stays', async () => {
    const { link } = await add(Buffer.from('hello'))
    const target = nodeTarget(parseBurnLink(link), [])
    await callBurn(reader.door, burnRpc.fetch, target)
    await sender.net.node[Symbol.asyncDispose]()
    expect(await code(callBurn(reader.door, burnRpc.claim, { ...target, passProofKey: null }))).toMatch(/^PEER_/)
    expect((await fs.readdir(path.join(reader.dataDir, 'inbox', target.id))).toSorted()).toEqual(['content', 'hashes', 'key', 'layout'])
  })

  test('revoke, unlock, unknown', async () => {
    const { link, item } = await add(Buffer.from('hello'), {}, 'right')
    for (let i = 0; i < 5; i++) await code(read(reader, link, 'wrong'))
    expect(await code(read(reader, link, 'right'))).toBe('PASSPHRASE_LOCKED')
    expect((await list(sender))[0]!.lockedUntil).toBeGreaterThan(systemClock.now())
    expect((await callBurn(sender.door, burnRpc.unlock, { id: item.id })).lockedUntil).toBeNull()
    expect((await callBurn(sender.door, burnRpc.revoke, { id: item.id })).state).toBe('revoked')
    expect(await code(read(reader, link, 'right'))).toBe('MESSAGE_REVOKED')
    expect(await code(callBurn(sender.door, burnRpc.revoke, { id: '0'.repeat(32) }))).toBe('MESSAGE_UNKNOWN')
    expect(await code(callBurn(sender.door, burnRpc.status, { id: 'xyz' }))).toBe('BAD_VALUE')
  })

  test('find: who of exactly these has it', async () => {
    const { link, item } = await add(Buffer.from('hello'))
    const { addresses } = await callBurn(sender.door, burnRpc.whereAmI, {})
    const here = await callBurn(reader.door, burnRpc.whereAmI, {})
    const asked = [addresses[0]!, here.addresses[0]!, '/ip4/127.0.0.1/tcp/1']
    const find = async (): Promise<Array<[boolean | null, string | undefined]>> => {
      const out: FindItem[] = []
      for await (const found of listBurn(reader.door, burnRpc.find, { cid: item.cid, addresses: asked })) out.push(found)
      expect(out.map(f => f.address)).toEqual(asked)
      return out.map(f => [f.has, f.error?.code])
    }
    expect(await find()).toEqual([[true, undefined], [false, undefined], [null, 'PEER_UNREACHABLE']])
    await read(reader, link)
    expect((await find())[0]).toEqual([false, undefined])
  })

  test('nothing of a message gets into the public blockstore', async () => {
    const { link, item } = await add(randomBytes(2_000_000))
    await read(reader, link)
    for (const h of [sender, reader]) expect([h.blocks.size, await h.blocks.has(item.cid)]).toEqual([0, false])
  })

  test('an add whose client leaves is gone at once', async () => {
    const cancel = new AbortController()
    const secrets = await makeSecrets(n => new Uint8Array(randomBytes(n)), async () => wasmArgon2id, undefined)
    const upload = (async function * () { for (let i = 0; ; i++) { if (i === 3) cancel.abort(new Error('left')); yield new Uint8Array(1 << 20) } })()
    await expect(callBurn(sender.door, burnRpc.create, {
      ...keysOf(secrets), lifeMs: 60_000, reads: 1, to: null, web: false, strict: false, volatile: false, name: null,
    }, { upload, signal: cancel.signal })).rejects.toThrow('left')
    expect([await fs.readdir(path.join(sender.dataDir, 'messages')), await list(sender), sender.held.size]).toEqual([[], [], 0])
  })

  test('no log line holds a secret', async () => {
    const { link } = await add(Buffer.from('top secret content'), {}, 'open sesame')
    await code(read(reader, link, 'wrong'))
    await read(reader, link, 'open sesame')
    const { L } = parseBurnLink(link)
    for (const h of [sender, reader]) {
      const said = JSON.stringify(h.net.log.lines)
      for (const secret of [Buffer.from(L).toString('base64url'), Buffer.from(L).toString('hex'), 'open sesame', 'top secret', link.split('#')[1]!]) expect(said).not.toContain(secret)
    }
  })
})

async function until (done: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 10_000; i++) { if (await done()) return; await systemClock.sleep(10) }
  throw new Error('it never came about')
}
