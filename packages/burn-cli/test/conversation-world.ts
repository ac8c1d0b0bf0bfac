import { peerIdFromPublicKey } from '@ipkit/core/identity/peer-id'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryChannelPair, type Faults } from '@ipkit/testkit/memory-channel'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import type { Caller } from '../src/domain/answer-request.ts'
import { linkProofKey, messageId, passProofKey } from '../src/domain/keys.ts'
import { streamNonces } from '../src/domain/nonce.ts'
import { Outbox, type NewMessage } from '../src/domain/outbox.ts'
import { decryptPayload, encryptPayload } from '../src/domain/payload.ts'
import { openSecret } from '../src/domain/sealed-key.ts'
import { targetOf, type Target } from '../src/domain/requests.ts'
import { claimAnswer, confirmRead, fetchPayload, serveBurn, type BurnServer, type ReaderDeps } from '../src/protocol.ts'
import { memoryMessageStore, type MemoryMessageStore } from './domain/memory-message-store.ts'
import { memoryInboxEntry, type MemoryInboxEntry } from './memory-inbox-entry.ts'
import { collect, inPieces } from './hex.ts'
import { count, D, L, pattern, SALT } from './vectors.ts'

const peer = (n: number): string => peerIdFromPublicKey(new Uint8Array(32).fill(n))
export const SENDER = peer(1)
export const READER = peer(2)
export const OTHER = peer(3)
const STRETCHED = count(200, 232)
export const PASS_KEY = passProofKey(STRETCHED)
export const ID = messageId(L)
export const START = 1_700_000_000_000

/** A sender with one message, and whatever readers need. Real rules, real cryptography; memory instead of disk and sockets. */
export interface World {
  readonly clock: ManualClock
  readonly store: MemoryMessageStore
  readonly outbox: Outbox
  readonly server: BurnServer
  readonly content: Uint8Array
  readonly target: Target
  readonly deps: ReaderDeps
  readonly reports: string[]
  entry(): MemoryInboxEntry
  /** Runs the reader's side of one conversation against the sender over a link with these faults. */
  talk<T>(reader: (channel: ByteChannel) => Promise<T>, faults?: Faults, caller?: Partial<Caller>): Promise<T>
  fetch(entry: MemoryInboxEntry, faults?: Faults, claimedBefore?: boolean): Promise<void>
  /** Claims, decrypts, acks; each in a conversation of its own. @returns the content */
  readAll(entry: MemoryInboxEntry): Promise<Uint8Array>
}

export interface WorldOptions extends Partial<NewMessage> { readonly contentBytes?: number, readonly target?: Partial<Target>, readonly passphrase?: boolean }

export async function makeWorld ({ contentBytes = 20, target: targetOptions = {}, passphrase = false, ...message }: WorldOptions = {}): Promise<World> {
  const clock = new ManualClock(START)
  const store = memoryMessageStore()
  const reports: string[] = []
  const outbox = await Outbox.open({ store, clock, report: what => { reports.push(what) }, waiting: { hold: async () => {}, release: async () => {} } })
  const content = pattern(contentBytes)
  const secrets = { L, D, ...(passphrase ? { stretched: STRETCHED } : {}) }
  const payload = encryptPayload(nodeBulkCrypto, { secrets, salt: SALT, name: null, content: inPieces(content, 65_536), pad: false })
  const { root } = await outbox.create({
    id: ID, D: D.slice(), linkProofKey: linkProofKey(L), passProofKey: passphrase ? PASS_KEY : null, lifeMs: 86_400_000, reads: 1, to: null, web: false, strict: false, volatile: false, name: null, ...message,
  }, payload, new AbortController().signal)
  const deps: ReaderDeps = { clock, sha256: nodeBulkCrypto.sha256 }
  const server: BurnServer = { desk: outbox, self: SENDER, clock, standInKey: count(100, 132), report: e => { reports.push(String(e)) } }
  const target: Target = { ...targetOf({ L, root, sender: SENDER, addressed: false, passphrase }, READER), ...targetOptions }
  let nonces = 0
  const world: World = {
    clock, store, outbox, server, content, target, deps, reports,
    entry: () => memoryInboxEntry(ID, target.root),
    async talk (reader, faults = {}, caller = {}) {
      const [near, far] = memoryChannelPair(faults)
      const serving = serveAsNode(server, { reader: READER, audit: 'somebody', nonces: streamNonces(n => new Uint8Array(n).fill(++nonces)), ...caller }, far)
      try {
        return await reader(near)
      } catch (e) {
        near.abort(e as Error)
        throw e
      } finally {
        await near[Symbol.asyncDispose]()
        await serving
      }
    },
    fetch: async (entry, faults, claimedBefore = false) => { await world.talk(channel => fetchPayload(deps, channel, target, entry, { claimedBefore }), faults) },
    async readAll (entry) {
      const privateKey = await entry.readerKey(() => count(50, 82))
      const answer = await world.talk(channel => claimAnswer(deps, channel, target, privateKey, passphrase ? PASS_KEY : undefined))
      const opened = await openSecret(answer, privateKey, answer.statement)
      const record = await decryptPayload(nodeBulkCrypto, { ...secrets, D: opened }, inPieces(entry.payload, 100_000))
      const got = await collect(record.content)
      await world.talk(channel => confirmRead(deps, channel, opened, answer.statement))
      return got
    },
  }
  return world
}

/** As the node does it: a handler that returns closes, one that throws aborts. */
export async function serveAsNode (server: BurnServer, caller: Caller, channel: ByteChannel): Promise<unknown> {
  try {
    await serveBurn(server, caller, channel)
    await channel[Symbol.asyncDispose]()
    return undefined
  } catch (e) {
    channel.abort(e as Error)
    return e
  }
}

export const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => await work.then(() => undefined, (e: unknown) => isAppError(e) ? e.code : String(e))
