/** Burn's composition root inside the node: methods, protocol and timers, bound to the rules and to the real disk and network. */
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { RpcCall, RpcReply, Service, ServiceScope } from '@ipkit/core/daemon/service'
import { check } from '@ipkit/core/schema/schema'
import { CID } from 'multiformats/cid'
import { dialSender } from './adapters/dial-sender.ts'
import { findHolders } from './adapters/find-holders.ts'
import { fsInbox } from './adapters/fs-inbox.ts'
import { fsMessageStore } from './adapters/fs-message-store.ts'
import { fsPlainStore } from './adapters/fs-plain-store.ts'
import { nodeBulkCrypto } from './adapters/node-bulk-crypto.ts'
import { readPlain } from './adapters/read-plain.ts'
import { servePlain } from './adapters/serve-plain.ts'
import { WebDoor } from './adapters/web-door.ts'
import { toJson } from '@ipkit/core/schema/to-json'
import { MAX_STREAMS, MAX_STREAMS_PER_PEER } from './domain/limits.ts'
import { auditOf, messageItem } from './domain/message-list.ts'
import { isFinal } from './domain/message-record.ts'
import { streamNonces } from './domain/nonce.ts'
import { Outbox } from './domain/outbox.ts'
import { isPayloadCid } from './domain/payload-layout.ts'
import { PlainOutbox } from './domain/plain-outbox.ts'
import { plainAudit, plainItem } from './domain/plain-record.ts'
import { encodePlainStream } from './domain/plain-stream.ts'
import { Reading, type ReadLink } from './domain/reading.ts'
import { serveBurn, type BurnServer } from './protocol.ts'
import { burnRpc, type LinkParams, type MessageItem, type RpcMethod } from './rpc.ts'
import { BURN_PROTOCOL } from './wire.ts'

const service: Service = { name: 'burn', contract: 1, start }
export default service

async function start (scope: ServiceScope): Promise<AsyncDisposable> {
  const { clock, net } = scope
  const stop = new AbortController()
  const signal = AbortSignal.any([scope.signal, stop.signal])
  const report = (what: string, error: unknown): void => {
    scope.log.warn(what, error === undefined ? {} : { code: codeOf(error), error: (error as Partial<Error> | null)?.message })
  }
  const store = fsMessageStore({ dataDir: scope.dataDir, report })
  const waiting = {
    hold: async (id: string, untilMs: number) => { await scope.leases.hold(id, { reason: 'a message is waiting to be read', untilMs }) },
    release: async (id: string) => { await scope.leases.release(id) },
  }
  const outbox = await Outbox.open({ store, clock, report, waiting })
  const plain = await PlainOutbox.open({
    store: fsPlainStore({ dataDir: scope.dataDir, marks: store, report }),
    clock,
    report,
    waiting,
    randomBytes: n => scope.randomBytes(n),
    sha256: nodeBulkCrypto.sha256,
    serve: servePlain(scope),
  })
  const senderDial = dialSender(scope)
  const reading = new Reading({
    store: fsInbox({ dataDir: scope.dataDir, clock }),
    clock,
    report,
    sha256: nodeBulkCrypto.sha256,
    randomBytes: n => scope.randomBytes(n),
    dial: senderDial.dial,
    hangUp: async id => { await senderDial.hangUp(id) },
  })

  offerReading(scope, reading)
  const plainReading = readPlain(scope)
  on(scope, burnRpc.plainContent, async ({ cid, ...from }, call) => ({ kind: 'bytes', source: encodePlainStream(async () => await plainReading.open(CID.parse(parseCid(cid)), from, call.signal)) }))
  on(scope, burnRpc.find, async ({ cid, addresses }, call) => ({ kind: 'items', items: findHolders(scope, parseCid(cid), addresses, call.signal) }))

  const server: BurnServer = { desk: outbox, self: net.peerId, standInKey: scope.randomBytes(32), clock, report: e => { report('a conversation', e) } }
  const web = new WebDoor({ http: scope.http, folder: new URL('./', import.meta.url), server, clock, signal, randomBytes: n => scope.randomBytes(n) })
  if (outbox.records().some(r => r.created.web && !isFinal(r))) await web.open().catch((e: unknown) => { report('the page for browsers', e) })
  offerSending(scope, outbox, plain, web)
  await net.handle(BURN_PROTOCOL, async (channel, handlerSignal) => {
    const caller = { reader: channel.remotePeer, audit: channel.remotePeer, nonces: streamNonces(n => scope.randomBytes(n)) }
    await serveBurn(server, caller, channel, AbortSignal.any([handlerSignal, signal]))
  }, { maxStreams: MAX_STREAMS, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })

  const timers = Promise.all([outbox.run(signal), plain.run(signal), reading.run(signal)])
  return {
    async [Symbol.asyncDispose] () {
      stop.abort(new Error('burn is stopping'))
      await timers
      await senderDial[Symbol.asyncDispose]()
      await plainReading[Symbol.asyncDispose]()
      await plain.close()
      await outbox.close()
    },
  }
}

function offerSending (scope: ServiceScope, outbox: Outbox, plain: PlainOutbox, web: WebDoor): void {
  const item = (id: string): MessageItem => {
    if (plain.has(id)) return plainItem(id, plain.record(id))
    const record = outbox.record(idBytes(id))
    return messageItem(record, outbox.info(record))
  }
  on(scope, burnRpc.whereAmI, async () => result({ peerId: scope.net.peerId, addresses: scope.net.addresses() }))
  on(scope, burnRpc.webUrls, async () => result({ urls: await web.open() }))
  on(scope, burnRpc.create, async (params, call) => {
    if (params.web) await web.open()
    await outbox.create({ ...params, id: idBytes(params.id) }, call.upload, call.signal)
    return result(item(params.id))
  })
  on(scope, burnRpc.createPlain, async (params, call) => {
    const { id, peerId, addresses } = await plain.create(params, call.upload, call.signal)
    return result({ message: item(id), peerId, addresses })
  })
  on(scope, burnRpc.list, async () => ({
    kind: 'items',
    items: (async function * () {
      const items = [...outbox.records().map(r => messageItem(r, outbox.info(r))), ...plain.records().map(({ id, record }) => plainItem(id, record))]
      yield * items.sort((a, b) => a.createdAt - b.createdAt)
    })(),
  }))
  on(scope, burnRpc.status, async ({ id }) => result({ message: item(id), audit: plain.has(id) ? plainAudit(plain.record(id)) : auditOf(outbox.record(idBytes(id))) }))
  on(scope, burnRpc.revoke, async ({ id }) => {
    await (plain.has(id) ? plain.revoke(id) : outbox.revoke(idBytes(id)))
    return result(item(id))
  })
  on(scope, burnRpc.unlock, async ({ id }) => {
    if (!plain.has(id)) await outbox.unlock(idBytes(id))
    return result(item(id))
  })
}

function offerReading (scope: ServiceScope, reading: Reading): void {
  on(scope, burnRpc.fetch, async (params, call) => {
    const { sizeBytes, info } = await reading.fetch(readLink(params), (step, doneBytes, totalBytes) => {
      call.progress({ step, ...doneBytes === undefined ? {} : { doneBytes }, ...totalBytes === undefined ? {} : { totalBytes } })
    }, call.signal)
    if (info === undefined) return result({ sizeBytes, claimed: true, info: null })
    const { state, expiresAtMs: expiresAt, passphrase, strict, reads, readsLeft, lockedUntilMs: lockedUntil } = info
    return result({ sizeBytes, claimed: false, info: { state, sizeBytes, expiresAt, passphrase, strict, reads, readsLeft, lockedUntil } })
  })
  on(scope, burnRpc.claim, async ({ passProofKey, ...link }, call) => {
    const { D, claimedAtMs, leaseUntilMs } = await reading.claim(readLink(link), passProofKey ?? undefined, call.signal)
    const reply = result({ D, claimedAt: claimedAtMs, leaseUntil: leaseUntilMs })
    D.fill(0)
    return reply
  })
  on(scope, burnRpc.content, async ({ id, from = 0, sizeBytes = Number.MAX_SAFE_INTEGER }) => ({ kind: 'bytes', source: await reading.content(idBytes(id), from, sizeBytes) }))
  on(scope, burnRpc.finish, async (link, call) => result({ confirmed: await reading.finish(readLink(link), call.signal) }))
  on(scope, burnRpc.drop, async ({ id }) => result({ dropped: await reading.drop(idBytes(id)) }))
}

function on<P, R> (scope: ServiceScope, m: RpcMethod<P, R>, handler: (params: P, call: RpcCall) => Promise<RpcReply>): void {
  scope.rpc(m.method, async (params, call) => await handler(check(m.params, params, 'params'), call))
}

const result = (value: unknown): RpcReply => ({ kind: 'result', value: toJson(value) })

const idBytes = (id: string): Uint8Array => Uint8Array.from(Buffer.from(id, 'hex'))

function readLink (link: LinkParams): ReadLink {
  const root = CID.parse(parseCid(link.cid))
  if (!isPayloadCid(root)) throw new AppError('LINK_INVALID', `${link.cid} is not the CID of a message`, { exit: 'usage' })
  return { id: idBytes(link.id), root, sender: link.sender, addresses: link.addresses, linkProofKey: link.linkProofKey, addressed: link.addressed, passphrase: link.passphrase }
}

function parseCid (text: string): string {
  try { return CID.parse(text).toString() } catch { throw new AppError('CID_INVALID', `${JSON.stringify(text)} is not a CID`, { exit: 'usage' }) }
}
