import { describe, expect, test } from '@jest/globals'
import { decodeFrames, encodeFrame } from '@ipkit/core/streams/frame'
import { linkProofKey, messageId } from '../src/domain/keys.ts'
import { httpNonces, type NonceRule } from '../src/domain/nonce.ts'
import { LEASE_MS } from '../src/domain/limits.ts'
import { makeProof } from '../src/domain/proofs.ts'
import { ackRequest, claimRequest, openRequest, targetParties, type Target } from '../src/domain/requests.ts'
import { readerPublicKey } from '../src/domain/sealed-key.ts'
import { claimStatement, openStatement, WEB_READER } from '../src/domain/statement.ts'
import { askHolds, claimAnswer, confirmRead, fetchPayload } from '../src/protocol.ts'
import { decodeAnswer, encodeRequest, type BurnRequest } from '../src/wire.ts'
import { codeOf, ID, makeWorld, OTHER, READER, SENDER, PASS_KEY, type World } from './conversation-world.ts'
import { hex, unhex } from './hex.ts'
import { count, D, L } from './vectors.ts'

const KEY = count(50, 82)
const state = (w: World): string => w.outbox.find(ID)!.info.state
const claim = (w: World, key = KEY, passKey?: Uint8Array): Promise<unknown> => w.talk(channel => claimAnswer(w.deps, channel, w.target, key, passKey))

/** Sends these requests at once and returns every byte the sender says. */
async function say (w: World, requests: (nonce: Uint8Array) => readonly BurnRequest[], caller: Parameters<World['talk']>[2] = {}): Promise<Uint8Array[]> {
  const nonce = new Uint8Array(32).fill(9)
  return await w.talk(async channel => {
    for (const r of requests(nonce)) await channel.write(encodeFrame(encodeRequest(r), 2000))
    await channel.closeWrite()
    const bodies: Uint8Array[] = []
    for await (const body of decodeFrames(channel.source, 2 ** 21)) bodies.push(body)
    return bodies
  }, {}, { nonces: { issue: () => nonce }, ...caller })
}
const lastCode = (bodies: Uint8Array[]): string => { const last = decodeAnswer(bodies.at(-1)!); return last.type === 'error' ? last.code : last.type }
/** Of another link. */
const elsewhere = { id: messageId(D), linkProofKey: linkProofKey(D) }
const hello: BurnRequest = { type: 'hello', nonce: null }

describe('a message is read once', () => {
  test.each([
    ['in one piece', {}], ['byte by byte', { chunkBytes: 1 }], ['with a reader slower than every write', { bufferBytes: 1 }], ['both', { chunkBytes: 7, bufferBytes: 1 }],
  ])('%s', async (_title, faults) => {
    const w = await makeWorld({ contentBytes: 2000 })
    const entry = w.entry()
    await w.fetch(entry, faults)
    expect(state(w)).toBe('unread')
    expect(Buffer.compare(await w.readAll(entry), w.content)).toBe(0)
    expect(state(w)).toBe('read')
    expect(await codeOf(claim(w, count(1, 33)))).toBe('MESSAGE_READ')
    expect(await codeOf(w.fetch(w.entry()))).toBe('MESSAGE_READ')
  })

  test('of several leaves, resumed from the first missing one after a full disk', async () => {
    const w = await makeWorld({ contentBytes: 3_500_000 })
    const entry = w.entry()
    const storeLeaf = entry.storeLeaf
    entry.storeLeaf = async (index, bytes) => { if (index === 2) entry.full = true; await storeLeaf(index, bytes) }
    expect(await codeOf(w.fetch(entry))).toBe('Error: ENOSPC')
    entry.full = false
    entry.storeLeaf = storeLeaf
    entry.stored.length = 0
    const progress: number[] = []
    await w.talk(channel => fetchPayload(w.deps, channel, w.target, entry, { claimedBefore: false, onProgress: done => { progress.push(done) } }))
    expect(entry.stored).toEqual([2, 3])
    expect(progress).toEqual([3 << 20, entry.payload.length])
    expect(Buffer.compare(await w.readAll(entry), w.content)).toBe(0)
  })
})

describe('who may hear about a message', () => {
  const probes = (w: World, target: Target): Array<(nonce: Uint8Array) => BurnRequest[]> => [
    nonce => [hello, openRequest(target, nonce)],
    nonce => [hello, claimRequest(target, nonce, readerPublicKey(KEY), w.target.passphrase ? PASS_KEY : undefined).request],
  ]
  test('unknown id, wrong proof, wrong peer and no web link: the same bytes', async () => {
    const answers = new Set<string>()
    const ask = async (w: World, target: Target, caller = {}): Promise<void> => {
      for (const probe of probes(w, target)) answers.add((await say(w, probe, caller)).map(hex).join())
    }
    const w = await makeWorld()
    await ask(w, { ...w.target, ...elsewhere })
    for (const probe of probes(w, w.target)) {
      const wrong = (nonce: Uint8Array): BurnRequest[] => probe(nonce).map(r => r.type === 'open' ? { ...r, proof: D } : r.type === 'claim' ? { ...r, link: D } : r)
      answers.add((await say(w, wrong)).map(hex).join())
    }
    await ask(w, { ...w.target, sender: OTHER })
    await ask(w, { ...w.target, reader: OTHER })
    await ask(w, { ...w.target, reader: WEB_READER }, { reader: WEB_READER })
    const addressed = await makeWorld({ to: OTHER, web: true })
    await ask(addressed, { ...addressed.target, addressed: true })
    await ask(addressed, { ...addressed.target })
    await ask(addressed, { ...addressed.target, reader: WEB_READER }, { reader: WEB_READER })
    const locked = await makeWorld({ passphrase: true })
    await ask(locked, { ...locked.target, ...elsewhere })
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toContain(hex(new TextEncoder().encode('unknown')))
    for (const world of [w, addressed, locked]) expect(state(world)).toBe('unread')
  })

  test('another peer that puts the right one into its statement: unknown', async () => {
    const w = await makeWorld({ to: OTHER })
    const statement = (nonce: Uint8Array): Uint8Array => openStatement({ ...targetParties(w.target), to: OTHER }, nonce)
    const open = (nonce: Uint8Array): BurnRequest[] => [hello, { type: 'open', id: ID, proof: makeProof(w.target.linkProofKey, statement(nonce)) }]
    expect(lastCode(await say(w, open))).toBe('unknown')
  })

  test('an addressed message is read by that peer', async () => {
    const w = await makeWorld({ to: READER, target: { addressed: true } })
    const entry = w.entry()
    await w.fetch(entry)
    expect(await w.readAll(entry)).toEqual(w.content)
  })

  test('an addressed message and a link that does not say so: unknown', async () => {
    const w = await makeWorld({ to: READER })
    expect(await codeOf(claim(w))).toBe('MESSAGE_UNKNOWN')
  })

  test('`has` tells who holds the root, before the read and not after', async () => {
    const w = await makeWorld()
    const ask = (): Promise<boolean> => w.talk(channel => askHolds(w.deps, channel, w.target.root))
    expect(await ask()).toBe(true)
    const entry = w.entry()
    await w.fetch(entry)
    await w.readAll(entry)
    expect(await ask()).toBe(false)
  })
})

describe('passphrase', () => {
  test('wrong ones use nothing up; five in a row lock; the right one reads', async () => {
    const w = await makeWorld({ passphrase: true })
    const entry = w.entry()
    await w.fetch(entry)
    expect(await codeOf(claim(w))).toBe('PASSPHRASE_WRONG')
    for (let i = 1; i <= 5; i++) expect(await codeOf(claim(w, KEY, D))).toBe(i < 5 ? 'PASSPHRASE_WRONG' : 'PASSPHRASE_LOCKED')
    expect(await codeOf(claim(w, KEY, PASS_KEY))).toBe('PASSPHRASE_LOCKED')
    await w.outbox.unlock(ID)
    expect(await w.readAll(entry)).toEqual(w.content)
  })

  test('a wrong link proof with a wrong passphrase counts nothing', async () => {
    const w = await makeWorld({ passphrase: true })
    for (let i = 0; i < 6; i++) expect(await codeOf(w.talk(channel => claimAnswer(w.deps, channel, { ...w.target, sender: OTHER }, KEY, D)))).toBe('MESSAGE_UNKNOWN')
    expect(await codeOf(claim(w, KEY, PASS_KEY))).toBeUndefined()
  })

  test('a key that is counted is not asked again', async () => {
    const w = await makeWorld({ passphrase: true })
    await claim(w, KEY, PASS_KEY)
    expect(await codeOf(claim(w, KEY, D))).toBeUndefined()
  })

  test('a proof where there is no passphrase is a bad request', async () => {
    expect(await codeOf(claim(await makeWorld(), KEY, PASS_KEY))).toBe('BAD_REQUEST')
  })

  test('link and content must agree on it, before any claim', async () => {
    const w = await makeWorld({ target: { passphrase: true } })
    expect(await codeOf(w.fetch(w.entry()))).toBe('CONTENT_ALTERED')
  })
})

describe('claims', () => {
  test('the same key gets D again with a new seal; another is told when; after the lease nobody gets it', async () => {
    const w = await makeWorld()
    const first = await w.talk(channel => claimAnswer(w.deps, channel, w.target, KEY, undefined))
    w.clock.advance(1000)
    const again = await w.talk(channel => claimAnswer(w.deps, channel, { ...w.target, reader: OTHER }, KEY, undefined), {}, { reader: OTHER })
    expect(hex(again.enc)).not.toBe(hex(first.enc))
    expect([again.claimedAtMs, again.leaseUntilMs]).toEqual([first.claimedAtMs, first.claimedAtMs + LEASE_MS])
    await expect(claim(w, count(1, 33))).rejects.toMatchObject({ code: 'MESSAGE_CLAIMED', exit: 'notFound', message: expect.stringContaining('2023-11-14 22:13:20 UTC') })
    expect(await codeOf(w.fetch(w.entry(), {}, false))).toBe('MESSAGE_CLAIMED')
    expect(await codeOf(w.fetch(w.entry(), {}, true))).toBeUndefined()
    w.clock.advance(LEASE_MS)
    expect(await codeOf(claim(w))).toBe('MESSAGE_UNCONFIRMED')
  })

  test('eight readers at once: one gets it', async () => {
    const w = await makeWorld()
    const codes = await Promise.all(Array.from({ length: 8 }, (_, i) => codeOf(claim(w, count(i + 1, i + 33)))))
    expect(codes.filter(c => c === undefined)).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set([undefined, 'MESSAGE_CLAIMED']))
  })

  test('two reads for two keys', async () => {
    const w = await makeWorld({ reads: 2 })
    for (const n of [1, 2]) expect(await codeOf(claim(w, count(n, n + 32)))).toBeUndefined()
    expect(await codeOf(claim(w, KEY))).toBe('MESSAGE_CLAIMED')
  })

  test('--strict: one answer and no more; the ack is still taken', async () => {
    const w = await makeWorld({ strict: true })
    const answer = await w.talk(channel => claimAnswer(w.deps, channel, w.target, KEY, undefined))
    expect([state(w), await codeOf(claim(w))]).toEqual(['unconfirmed', 'MESSAGE_UNCONFIRMED'])
    await w.talk(channel => confirmRead(w.deps, channel, D, answer.statement))
    expect(state(w)).toBe('read')
  })

  test('expired and revoked say so', async () => {
    const expired = await makeWorld({ lifeMs: 1000 })
    expired.clock.advance(1000)
    expect(await codeOf(claim(expired))).toBe('MESSAGE_EXPIRED')
    const revoked = await makeWorld()
    await revoked.outbox.revoke(ID)
    expect([await codeOf(claim(revoked)), await codeOf(revoked.fetch(revoked.entry()))]).toEqual(['MESSAGE_REVOKED', 'MESSAGE_REVOKED'])
  })

  test('a disk that fails releases nothing, says so, and the next try works', async () => {
    const w = await makeWorld()
    w.store.failAppends = ['before']
    await expect(claim(w)).rejects.toMatchObject({ code: 'SENDER_FAILED', exit: 'unreachable' })
    expect([state(w), w.reports.length]).toEqual(['unread', 1])
    expect(await codeOf(claim(w))).toBeUndefined()
  })

  // 0, 1, p - 1, p, and two points of order 8 (RFC 7748 section 6.1; D. J. Bernstein, "Curve25519", "How do I validate keys?")
  test.each([
    '00'.repeat(32), '01' + '00'.repeat(31), 'ec' + 'ff'.repeat(30) + '7f', 'ed' + 'ff'.repeat(30) + '7f',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  ])('a key of small order is refused and counts nothing: %s', async point => {
    const w = await makeWorld()
    const request = (nonce: Uint8Array): BurnRequest[] => [hello, claimRequest(w.target, nonce, unhex(point), undefined).request]
    expect([lastCode(await say(w, request)), state(w)]).toEqual(['bad-key', 'unread'])
  })

  test('a payload that went away is told as the state the message is in, a disk that fails as ours', async () => {
    const w = await makeWorld()
    const request = (nonce: Uint8Array): BurnRequest[] => [hello, openRequest(w.target, nonce), { type: 'leaves', from: 0, count: 1 }]
    w.store.folders.values().next().value!.payload = undefined
    expect(lastCode(await say(w, request))).toBe('failed')
  })
})

describe('acks', () => {
  test('repeated: done; with a wrong proof, root, sender or key: unknown', async () => {
    const w = await makeWorld()
    const { statement } = await w.talk(channel => claimAnswer(w.deps, channel, w.target, KEY, undefined))
    const ack = async (d: Uint8Array, s: Uint8Array): Promise<string> => lastCode(await say(w, () => [ackRequest(d, s)]))
    const parties = { id: ID, root: w.target.root, sender: SENDER, reader: READER, to: null }
    const altered = (p: Partial<typeof parties>, key = readerPublicKey(KEY)): Uint8Array => claimStatement({ ...parties, ...p }, key, D)
    expect(await ack(L, statement)).toBe('unknown')
    expect(await ack(D, altered({ sender: OTHER }))).toBe('unknown')
    expect(await ack(D, altered({ id: ID.slice().fill(0) }))).toBe('unknown')
    expect(await ack(D, altered({}, count(1, 33)))).toBe('unknown')
    expect(await ack(D, count(0, 32))).toBe('bad-request')
    expect(state(w)).toBe('claimed')
    expect([await ack(D, statement), await ack(D, statement), state(w)]).toEqual(['done', 'done', 'read'])
  })
})

describe('order', () => {
  const open = (w: World, nonce: Uint8Array): BurnRequest => openRequest(w.target, nonce)
  const ask = (w: World, nonce: Uint8Array, key = KEY): BurnRequest => claimRequest(w.target, nonce, readerPublicKey(key), undefined).request
  test.each<[string, (w: World, nonce: Uint8Array) => BurnRequest[]]>([
    ['open before hello', (w, n) => [open(w, n)]],
    ['claim before hello', (w, n) => [ask(w, n)]],
    ['hello twice', () => [hello, hello]],
    ['open twice', (w, n) => [hello, open(w, n), open(w, n)]],
    ['claim twice', (w, n) => [hello, ask(w, n), ask(w, n)]],
    ['hashes before open', () => [hello, { type: 'hashes', from: 0, count: 1 }]],
    ['leaves before open', () => [hello, { type: 'leaves', from: 0, count: 1 }]],
    ['hashes past the end', (w, n) => [hello, open(w, n), { type: 'hashes', from: 0, count: 2 }]],
    ['leaves past the end', (w, n) => [hello, open(w, n), { type: 'leaves', from: 1, count: 1 }]],
    ['leaves far past the end', (w, n) => [hello, open(w, n), { type: 'leaves', from: Number.MAX_SAFE_INTEGER, count: Number.MAX_SAFE_INTEGER }]],
    ['a nonce of its own', (_w, n) => [{ type: 'hello', nonce: n }]],
  ])('%s: bad-request, and nothing after it is answered', async (_title, requests) => {
    const w = await makeWorld()
    const bodies = await say(w, nonce => [...requests(w, nonce), { type: 'has', cid: w.target.root }])
    expect(lastCode(bodies)).toBe('bad-request')
  })

  test('requests sent ahead are answered in order', async () => {
    const w = await makeWorld()
    const bodies = await say(w, n => [{ type: 'has', cid: w.target.root }, hello, open(w, n), { type: 'leaves', from: 0, count: 1 }, ask(w, n)])
    expect([0, 1, 2, 3, 5].map(i => decodeAnswer(bodies[i]!).type)).toEqual(['holding', 'nonce', 'info', 'leaf', 'answer'])
  })

  test('over HTTP a nonce may be brought along while it is fresh', async () => {
    const w = await makeWorld({ web: true })
    const nonces = httpNonces(w.clock, n => new Uint8Array(n), count(0, 32))
    const nonce = nonces.issue()
    const target = { ...w.target, reader: WEB_READER }
    const bring = async (n: Uint8Array): Promise<string> => lastCode(await say(w, () => [{ type: 'hello', nonce: n }, openRequest(target, n)], { reader: WEB_READER, nonces }))
    expect(await bring(nonce)).toBe('info')
    expect(await bring(count(0, 32))).toBe('stale')
    w.clock.advance(600_001)
    expect(await bring(nonce)).toBe('stale')
  })

  test('over plain HTTP a listener cannot lock a message by sending a wrong passphrase again', async () => {
    const w = await makeWorld({ web: true, passphrase: true })
    const nonces = httpNonces(w.clock, n => new Uint8Array(n), count(0, 32))
    const target = { ...w.target, reader: WEB_READER }
    const claim = async (nonce: Uint8Array, passKey: Uint8Array): Promise<string> =>
      lastCode(await say(w, () => [{ type: 'hello', nonce }, claimRequest(target, nonce, readerPublicKey(count(96, 128)), passKey).request], { reader: WEB_READER, nonces }))
    const nonce = nonces.issue()
    const heard: string[] = []
    for (let i = 0; i < 8; i++) heard.push(await claim(nonce, count(0, 32)))
    expect(heard).toEqual(['passphrase', ...Array<string>(7).fill('stale')])
    expect(w.outbox.records()[0]!.wrongInRow).toBe(1)
    w.clock.advance(1)
    expect(await claim(nonces.issue(), PASS_KEY)).toBe('answer')
  })

  test('over HTTP nobody guesses a passphrase free of charge with a nonce that has cost a try', async () => {
    const w = await makeWorld({ web: true, passphrase: true })
    const nonces = httpNonces(w.clock, n => new Uint8Array(n), count(0, 32))
    const nonce = nonces.issue()
    const guess = async (passKey: Uint8Array): Promise<string> =>
      lastCode(await say(w, () => [{ type: 'hello', nonce }, claimRequest({ ...w.target, reader: WEB_READER }, nonce, readerPublicKey(KEY), passKey).request], { reader: WEB_READER, nonces }))
    expect(await guess(count(0, 32))).toBe('passphrase')
    expect([await guess(count(1, 33)), await guess(PASS_KEY)]).toEqual(['stale', 'stale'])
    expect([w.outbox.records()[0]!.wrongInRow, state(w)]).toEqual([1, 'unread'])
  })

  test('wrong passphrases over HTTP at a message that is locked, or over, take no memory', async () => {
    const w = await makeWorld({ web: true, passphrase: true })
    const spent: Uint8Array[] = []
    const nonces: NonceRule = { issue: () => count(0, 32), accepts: () => true, isSpent: () => false, spend: nonce => { spent.push(nonce) } }
    const guess = async (n: number): Promise<string> => {
      const nonce = new Uint8Array(32).fill(n)
      return lastCode(await say(w, () => [{ type: 'hello', nonce }, claimRequest({ ...w.target, reader: WEB_READER }, nonce, readerPublicKey(KEY), count(0, 32)).request], { reader: WEB_READER, nonces }))
    }
    for (let i = 0; i < 8; i++) expect(await guess(i)).toBe(i < 4 ? 'passphrase' : 'locked')
    await w.outbox.revoke(ID)
    expect(await guess(9)).toBe('revoked')
    expect(spent).toHaveLength(5)
  })
})
