import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { systemClock } from '@ipkit/core/time/clock'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { wasmArgon2id } from '../../src/adapters/wasm-argon2id.ts'
import { LEAF_BYTES } from '../../src/domain/limits.ts'
import { parseWebFragment } from '../../src/domain/link.ts'
import type { MessageDesk } from '../../src/domain/message-desk.ts'
import type { InboxAnswer } from '../../src/domain/inbox-desk.ts'
import { collectContent } from '../../web/collect-content.ts'
import { WebRead } from '../../web/read-message.ts'
import { WebWorld, type AddedMessage } from './web-world.ts'

let world: WebWorld

beforeAll(async () => { world = await WebWorld.start() })
afterAll(async () => { await world.end() })
afterEach(() => {
  world.wire.budgetBytes = Infinity
  world.shiftMs = 0
})

const newKey = (): Uint8Array => new Uint8Array(randomBytes(32))

/** Reads as the page does, without a browser. */
function reader (message: AddedMessage): WebRead {
  const url = `${world.base}/burn/v1`
  return new WebRead({
    bulk: nodeBulkCrypto, argon2id: wasmArgon2id, clock: systemClock, pause: async () => {},
    sender: {
      async * exchange (body) {
        try {
          const request = http.request(url, { method: 'POST', agent: false, headers: { 'content-type': 'application/cbor', origin: world.base } })
          request.end(body)
          const [response] = await once(request, 'response') as [http.IncomingMessage]
          if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
          for await (const chunk of response as AsyncIterable<Uint8Array>) yield chunk
        } catch (cause) {
          throw new AppError('SENDER_UNREACHABLE', 'the sender cannot be reached', { cause })
        }
      },
    },
  }, parseWebFragment(message.link.split('#')[1]!))
}

/** @returns the error's code; for a refusal the protocol's own */
const failure = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'no failure', (e: { reason?: string, code?: string }) => e.reason ?? e.code ?? String(e))

async function finish (read: WebRead, answer: InboxAnswer, key: Uint8Array, stretched?: Uint8Array): Promise<string> {
  const D = await read.openAnswer(answer, key)
  const content = await collectContent(await read.decrypt(D, stretched, () => {}))
  await read.acknowledge(answer, D)
  return content.kind === 'text' ? content.text : Buffer.concat(content.parts).toString('latin1')
}

test('wherever the connection is cut while fetching, nothing is used up and it goes on from the first missing leaf', async () => {
  const content = randomBytes(3 * LEAF_BYTES + 1000)
  const message = await world.add(new Uint8Array(content), { name: 'three.bin' })
  const read = reader(message)
  let cuts = 0
  for (let budget = 100; ; budget += 150_000 + cuts) {
    world.wire.budgetBytes = budget
    const before = read.fetchedBytes
    const ended = await failure(read.fetch(() => {}))
    world.wire.budgetBytes = Infinity
    expect(read.fetchedBytes).toBeGreaterThanOrEqual(before)
    if (ended === 'no failure') break
    expect(ended).toBe('SENDER_UNREACHABLE')
    cuts++
  }
  expect(cuts).toBeGreaterThan(5)
  expect(world.state(message)).toBe('unread')
  const key = newKey()
  expect(await finish(read, await read.claim(key, undefined), key) === content.toString('latin1')).toBe(true)
  expect(world.state(message)).toBe('read')
})

test('wherever the connection is cut while claiming, the same key gets the message and is counted once', async () => {
  let lost = 0
  for (let budget = 1; budget < 1100; budget += 37) {
    const message = await world.add('once')
    const read = reader(message)
    await read.fetch(() => {})
    const key = newKey()
    world.wire.budgetBytes = budget
    const first = await read.claim(key, undefined).then(() => 'no failure', (e: { code?: string }) => e.code)
    world.wire.budgetBytes = Infinity
    if (first !== 'no failure' && world.state(message) === 'claimed') lost++
    expect(['no failure', 'SENDER_UNREACHABLE']).toContain(first)
    expect(await finish(read, await read.claim(key, undefined), key)).toBe('once')
    expect(world.outbox.record(message.id).claims.size).toBe(1)
    expect(await failure(reader(message).claim(newKey(), undefined))).toBe('read')
  }
  expect(lost).toBeGreaterThan(0) // some cuts fell between the durable claim and the answer
})

test('an ack that is cut or repeated is answered', async () => {
  const message = await world.add('once')
  const read = reader(message)
  await read.fetch(() => {})
  const key = newKey()
  const answer = await read.claim(key, undefined)
  const D = await read.openAnswer(answer, key)
  world.wire.budgetBytes = 100
  expect(await failure(read.acknowledge(answer, D))).toBe('SENDER_UNREACHABLE')
  world.wire.budgetBytes = Infinity
  await read.acknowledge(answer, D)
  await read.acknowledge(answer, D)
  expect(world.state(message)).toBe('read')
})

test('a nonce that is too old, or from before the sender was started again, is replaced without a word', async () => {
  const message = await world.add('once')
  const read = reader(message)
  expect((await read.look()).state).toBe('unread')
  world.shiftMs = 11 * 60_000
  expect((await read.look()).state).toBe('unread')
  await world.down()
  await world.up()
  expect((await read.look()).state).toBe('unread')
})

test('a wrong passphrase is refused, and behind a counted key it is recognised here', async () => {
  const message = await world.add('secret', { passphrase: 'right' })
  const read = reader(message)
  await read.fetch(() => {})
  const key = newKey()
  expect(await failure(read.claim(key, await read.stretch('wrong')))).toBe('passphrase')
  expect(await failure(read.claim(key, undefined))).toBe('passphrase')
  await read.claim(key, await read.stretch('right'))
  const wrong = await read.stretch('wrong')
  const answer = await read.claim(key, wrong) // the sender believes the key
  expect(await failure(read.decrypt(await read.openAnswer(answer, key), wrong, () => {}))).toBe('KEY_WRONG')
  expect(await finish(read, answer, key, await read.stretch('right'))).toBe('secret')
})

async function * changed (leaves: AsyncIterable<Uint8Array>, change: (leaf: Uint8Array) => Uint8Array): AsyncGenerator<Uint8Array> {
  for await (const leaf of leaves) yield change(leaf.slice())
}

test.each<[string, string, (desk: MessageDesk) => Partial<MessageDesk>]>([
  ['another size', 'CONTENT_ALTERED', desk => ({ find: id => { const file = desk.find(id); return file === undefined ? undefined : { ...file, info: { ...file.info, sizeBytes: file.info.sizeBytes + 1 } } } })],
  ['a size that no page can hold', 'MESSAGE_TOO_LARGE', desk => ({ find: id => { const file = desk.find(id); return file === undefined ? undefined : { ...file, info: { ...file.info, sizeBytes: 2 ** 33 } } } })],
  ['other hashes', 'CONTENT_ALTERED', desk => ({ hashes: async (...args) => (await desk.hashes(...args))?.map(b => b ^ 1) })],
  ['another leaf', 'CONTENT_ALTERED', desk => ({ leaves: (id, from, count) => changed(desk.leaves(id, from, count), leaf => { leaf[leaf.length - 1]! ^= 1; return leaf }) })],
  ['a shorter leaf', 'CONTENT_ALTERED', desk => ({ leaves: (id, from, count) => changed(desk.leaves(id, from, count), leaf => leaf.subarray(1)) })],
  ['another one-time key', 'KEY_WRONG', desk => ({ claim: async (id, request) => await desk.claim(id, { ...request, seal: async D => await request.seal(D.map(b => b ^ 1)) }) })],
])('a sender that gives %s is not believed: %s', async (_what, code, lie) => {
  await world.down()
  world.tamper = desk => new Proxy(desk, { get: (target, name) => (lie(target) as Record<string | symbol, unknown>)[name] ?? ((...args: unknown[]) => (target as unknown as Record<string | symbol, (...a: unknown[]) => unknown>)[name]!.apply(target, args)) })
  await world.up()
  const message = await world.add('truth')
  const read = reader(message)
  const key = newKey()
  const work = (async () => {
    await read.fetch(() => {})
    await finish(read, await read.claim(key, undefined), key)
  })()
  expect(await failure(work)).toBe(code)
  await world.down()
  world.tamper = desk => desk
  await world.up()
})
