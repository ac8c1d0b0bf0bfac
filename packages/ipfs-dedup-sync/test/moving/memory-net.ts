import { createHash } from 'node:crypto'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import { systemClock, type Clock } from '@ipkit/core/time/clock'
import { AppError } from '@ipkit/core/errors/app-error'
import { memoryChannelPair, type Faults } from '@ipkit/testkit/memory-channel'
import { zlibSqueeze } from '../../src/adapters/zlib-squeeze.ts'
import type { Shelf, ShelfSession } from '../../src/domain/keeping/shelf.ts'
import type { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import type { Answering } from '../../src/domain/moving/answer-request.ts'
import type { Moved } from '../../src/domain/moving/moved.ts'
import { pullRoot, type PullRequest } from '../../src/domain/moving/pull-root.ts'
import type { Traffic } from '../../src/domain/moving/traffic.ts'
import { Turns } from '../../src/domain/moving/turns.ts'
import { answerPeer } from '../../src/protocol.ts'

export const sha256 = (bytes: Uint8Array): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())

/** A side that gives all it has to everybody. */
export function answering (shelf: Pick<Shelf, 'get' | 'has'>, changes: Partial<Answering> = {}): Answering {
  return {
    shelf,
    policy: { may: async () => true },
    heads: { head: async () => undefined },
    offers: { take: async () => undefined },
    squeeze: zlibSqueeze,
    clock: systemClock,
    plans: new Turns(2),
    ...changes,
  }
}

/** Who answers under a name, and how: a real side, or a hand-made conversation. */
export type Peer = { readonly side: Answering, readonly faults?: Faults } | { readonly talk: (channel: ByteChannel, signal: AbortSignal) => Promise<void>, readonly faults?: Faults }

/** Streams to peers by name, all bytes counted. */
export class MemoryNet implements AsyncDisposable {
  readonly opened: string[] = []
  /** How each answering ended; undefined: well. */
  readonly ends: Array<{ readonly peer: string, readonly error: unknown }> = []
  readonly #peers: Readonly<Record<string, Peer>>
  readonly #traffic = new Map<string, { receivedBytes: number, sentBytes: number }>()
  readonly #stop = new AbortController()
  readonly #talks: Array<Promise<void>> = []

  constructor (peers: Readonly<Record<string, Peer>>) { this.#peers = peers }

  async open ([name = '']: readonly string[]): Promise<ByteChannel> {
    this.opened.push(name)
    const peer = this.#peers[name]
    if (peer === undefined) throw new AppError('PEER_UNREACHABLE', 'nobody there', { exit: 'unreachable' })
    const [ours, theirs] = memoryChannelPair({ ...peer.faults, remotePeers: [name, 'puller'] })
    const talk = 'talk' in peer ? peer.talk(theirs, this.#stop.signal) : answerPeer(peer.side, theirs, this.#stop.signal)
    this.#talks.push(talk.then(async () => { await theirs[Symbol.asyncDispose](); this.ends.push({ peer: name, error: undefined }) }, (error: unknown) => { theirs.abort(error as Error); this.ends.push({ peer: name, error }) }))
    return this.#counted(name, ours)
  }

  traffic (): ReadonlyMap<string, Traffic> { return new Map([...this.#traffic].map(([name, traffic]) => [name, { ...traffic }])) }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#stop.abort(new Error('the test is over'))
    await Promise.all(this.#talks)
  }

  #counted (name: string, channel: ByteChannel): ByteChannel {
    const count = this.#traffic.get(name) ?? { receivedBytes: 0, sentBytes: 0 }
    this.#traffic.set(name, count)
    // as the real ones say it
    const hungUp = (e: unknown): unknown => (e as Error).message === 'link cut' ? new AppError('PEER_HUNG_UP', 'the connection to the peer broke off', { exit: 'unreachable', cause: e }) : e
    async function * source (): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of channel.source) { count.receivedBytes += chunk.length; yield chunk }
      } catch (e) { throw hungUp(e) }
    }
    return {
      ...channel,
      source: source(),
      write: async (bytes, signal) => { count.sentBytes += bytes.length; await channel.write(bytes, signal).catch((e: unknown) => { throw hungUp(e) }) },
      closeWrite: async () => { await channel.closeWrite() },
      abort: reason => { channel.abort(reason) },
      [Symbol.asyncDispose]: async () => { await channel[Symbol.asyncDispose]() },
    }
  }
}

export interface PullOptions extends Partial<PullRequest> {
  readonly clock?: Clock
  readonly signal?: AbortSignal
  readonly session?: ShelfSession
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void
}

export async function pull (net: MemoryNet, shelf: MemoryShelf, root: string, { clock = systemClock, signal = new AbortController().signal, onProgress = () => {}, session, ...request }: PullOptions = {}): Promise<Moved> {
  await using own = await shelf.begin()
  return await pullRoot({ shelf, session: session ?? own, net, clock, sha256, squeeze: zlibSqueeze, signal, onProgress }, { root, have: [], peers: [['source']], dryRun: false, ...request })
}
