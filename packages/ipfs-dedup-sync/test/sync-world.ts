import { AppError } from '@ipkit/core/errors/app-error'
import type { PeerKey } from '@ipkit/core/identity/peer-key'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { sha256 } from '@noble/hashes/sha2.js'
import { MemoryShelf } from '../src/domain/keeping/memory-shelf.ts'
import { leafLink } from '../src/domain/tree/tree-node.ts'
import type { Restored } from '../src/domain/recipe/restored.ts'
import { NodeServePolicy } from '../src/domain/serving/serve-policy.ts'
import type { AddDeps } from '../src/domain/syncing/adding.ts'
import { headSource } from '../src/domain/syncing/answering.ts'
import { storedCameFrom } from '../src/domain/syncing/came-from.ts'
import type { HeadAnswer, HeadRange, Work } from '../src/domain/syncing/sync-ports.ts'
import { keyOf, START_MS, verify, versionHome } from './version-world.ts'

/** A home whose files are single leaves, and that reaches others by calling them. */
export interface SyncHome {
  readonly id: string
  readonly deps: AddDeps
  readonly clock: ManualClock
  readonly keys: Map<string, PeerKey>
  /** What `add` finds, by path. */
  readonly files: Map<string, string>
  /** What was written, by path. */
  readonly written: Map<string, string>
  /** Roots that were named to others as what is here. */
  readonly told: string[]
  /** Changes answers on their way to this home. */
  bend: (answer: HeadAnswer) => HeadAnswer
  /** Whoever it is connected to. */
  readonly peers: Map<string, SyncHome>
}

export const work: Work = { signal: new AbortController().signal, onProgress: () => {} }
const encoder = new TextEncoder()

export async function syncHome (id: string, clock = new ManualClock(START_MS)): Promise<SyncHome> {
  const store = memoryKeyValueStore()
  const { histories, known } = await versionHome(store, clock)
  const shelf = new MemoryShelf(() => clock.now())
  const policy = new NodeServePolicy({ store: memoryKeyValueStore(), shelf, histories, known })
  const keys = new Map<string, PeerKey>([['self', keyOf(200 + id.length)]])
  const peers = new Map<string, SyncHome>()
  const [files, written] = [new Map<string, string>(), new Map<string, string>()]
  const told: string[] = []
  const reach = (place: readonly string[]): SyncHome => {
    const peer = peers.get(place[0]!)
    if (peer === undefined) throw new AppError('PEER_UNREACHABLE', `${place[0]} does not answer`, { exit: 'unreachable' })
    return peer
  }
  const take = async (session: Parameters<AddDeps['intake']['read']>[0], text: string, file: string | undefined): ReturnType<AddDeps['intake']['read']> => {
    const bytes = encoder.encode(text)
    const root = leafLink(sha256(bytes), bytes.length).cid.toString()
    await session.put(root, bytes)
    return { root, file, sizeBytes: bytes.length, sha256: sha256(bytes), reusedBytes: 0, layers: [], notes: [], edit: { nodes: 0, bytes: bytes.length } }
  }
  const NONE = { receivedBytes: 0, sentBytes: 0 }
  const deps: AddDeps = {
    shelf, histories, known, policy, clock, verify, peerId: id, report: () => {}, came: storedCameFrom(memoryKeyValueStore()),
    keys: {
      list: async () => [...keys].map(([name, { publicKey }]) => ({ name, publicKey })),
      signer: async name => keys.get(name),
      signerOf: async publicKey => [...keys.values()].find(key => Buffer.compare(key.publicKey, publicKey) === 0),
      create: async name => { keys.set(name, keyOf(100 + keys.size)) },
    },
    intake: {
      async read (session, path) {
        const text = files.get(path)
        if (text === undefined) throw new AppError('FILE_NOT_FOUND', `there is no file '${path}'`, { exit: 'notFound' })
        return await take(session, text, path.split('/').at(-1))
      },
      async readStream (session, source) {
        let text = ''
        for await (const piece of source) text += new TextDecoder().decode(piece)
        return await take(session, text, undefined)
      },
    },
    outlet: {
      async restore (root): Promise<Restored> {
        const bytes = await shelf.get(root)
        return { kind: 'file', sizeBytes: bytes.length, sha256: undefined, bytes: (async function * () { yield bytes })() }
      },
      async check ({ path, overwrite }) {
        if (!overwrite && written.has(path)) throw new AppError('FILE_EXISTS', `'${path}' exists already`, { exit: 'refused' })
        return path
      },
      async write (restored, { path }) {
        if (restored.kind === 'folder') throw new Error('no folders here')
        let text = ''
        const parts: Uint8Array[] = []
        for await (const piece of restored.bytes) { text += new TextDecoder().decode(piece); parts.push(piece) }
        const hash = sha256(Buffer.concat(parts))
        if (restored.sha256 !== undefined && Buffer.compare(hash, restored.sha256) !== 0) throw new AppError('RESTORED_WRONG', 'another hash', { exit: 'refused' })
        written.set(path, text)
        return { file: path, sha256: hash }
      },
      async hash (restored) {
        const parts: Uint8Array[] = []
        if (restored.kind === 'file') for await (const piece of restored.bytes) parts.push(piece)
        return sha256(Buffer.concat(parts))
      },
    },
    mover: {
      inReach: () => [...peers.keys()].map(peer => [peer]),
      othersInReach: () => false,
    onReach: () => () => {},
      peerIdOf: place => place[0],
      async askHead (place, name, range: HeadRange) {
        const found = await headSource(reach(place).deps).head(id, name, { ...range, atMost: 2 })
        return found === undefined ? undefined : home.bend(found)
      },
      async pull ({ root, have, places, session, dryRun }) {
        told.push(...have)
        for (const place of places) {
          const peer = peers.get(place[0]!)
          if (peer === undefined || !await peer.deps.policy.may(id, root)) continue
          const bytes = await peer.deps.shelf.get(root)
          if (!dryRun) await session.put(root, bytes)
          return { receivedBytes: bytes.length, sentBytes: 10, roundTrips: 1, newBytes: session.newBytes, dropped: [], ...dryRun ? { expectedBytes: bytes.length } : {} }
        }
        throw new AppError('NOT_HERE', 'the peer does not give it', { exit: 'notFound' })
      },
      async push (place, { root }) { return { ...NONE, roundTrips: 1, newBytes: 0, dropped: [{ peer: place[0]!, code: root }] } },
      traffic: () => () => NONE,
    },
  }
  const home: SyncHome = { id, deps, clock, keys, files, written, told, peers, bend: answer => answer }
  return home
}

/** Each can be asked by the others. */
export function connect (...homes: readonly SyncHome[]): void {
  for (const one of homes) for (const other of homes) if (one !== other) one.peers.set(other.id, other)
}
