import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { ByteChannel } from '@ipkit/core/net/byte-channel'
import type { Clock } from '@ipkit/core/time/clock'
import type { Answer } from '../../wire.ts'
import type { Shelf, ShelfSession } from '../keeping/shelf.ts'
import { openRoot } from '../tree/root-directory.ts'
import type { Sha256 } from '../tree/tree-node.ts'
import { MAX_HAVE, MAX_PLAN_LEAF_BYTES } from '../wire-limits.ts'
import { fetchMissing, type FetchDeps, type Lane } from './fetch-missing.ts'
import { Frontier } from './frontier.ts'
import type { Moved } from './moved.ts'
import { PeerLine } from './peer-line.ts'
import { readPlan, type ReadPlan } from './read-plan.ts'
import type { Squeeze } from './squeeze.ts'
import { trafficSince, type Traffic } from './traffic.ts'

export interface PullDeps {
  readonly shelf: Shelf
  /** What comes is put here; keeping the root is the caller's. */
  readonly session: ShelfSession
  readonly net: {
    /** A stream of our protocol. @param peer multiaddrs of one peer, or its id */
    open(peer: readonly string[], signal: AbortSignal): Promise<ByteChannel>
    /** Bytes of the connections, by peer, since the node began. */
    traffic(): ReadonlyMap<string, Traffic>
  }
  readonly clock: Clock
  readonly sha256: Sha256
  readonly squeeze: Squeeze
  readonly signal: AbortSignal
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

export interface PullRequest {
  readonly root: string
  /** Roots on the shelf that may be like it, the likeliest first. */
  readonly have: readonly string[]
  /** Each a peer, as `net.open` takes it. */
  readonly peers: ReadonlyArray<readonly string[]>
  readonly dryRun: boolean
}

/**
 * Brings a root and all below it to the shelf: docs/protocols/dedup-sync.md, "Pulling". Whatever came is there when it is called again.
 * @throws AppError NOT_HERE (no peer gives it), PEER_LIED, TREE_INVALID; what `net.open` and the shelf throw
 */
export async function pullRoot (deps: PullDeps, request: PullRequest): Promise<Moved> {
  const { shelf, session, net } = deps
  const before = net.traffic()
  const newBefore = session.newBytes
  const peers = new Set<string>()
  const moved = (rest: Pick<Moved, 'roundTrips' | 'dropped' | 'expectedBytes'>): Moved =>
    ({ ...trafficSince(before, net.traffic(), peers), newBytes: session.newBytes - newBefore, ...rest })
  if ((await shelf.has([request.root]))[0] === true) return moved({ roundTrips: 0, dropped: [] })

  const here = await shelf.has(request.have)
  const begun = await session.parked(request.root) !== undefined // then only what is missing is asked for, and not how it follows
  const have = begun ? [request.root] : request.have.filter((_, i) => here[i] === true).slice(0, MAX_HAVE)
  const ask = { type: 'plan', root: request.root, have, leafBytes: begun ? 0 : MAX_PLAN_LEAF_BYTES, dry: request.dryRun } as const
  const dropped: Array<{ peer: string, code: string }> = []
  let failure: AppError | undefined
  for (const [i, peer] of request.peers.entries()) {
    let line: PeerLine | undefined
    try {
      line = await openLine(deps, peer, peers)
      await line.send(ask)
      if (ask.dry) {
        const { planBytes, leftBytes } = await line.next('estimate')
        await line[Symbol.asyncDispose]()
        return moved({ roundTrips: 1, dropped, expectedBytes: planBytes + leftBytes })
      }
      const answer = await line.next('plan')
      if (answer.bases.some(base => have[base] === undefined)) throw new AppError('BAD_MESSAGE', 'the peer names a base that was not offered', { exit: 'refused' })
      const bases = answer.bases.map(base => have[base]!)
      const plan = await readPlan({ blocks: shelf, sha256: deps.sha256, signal: deps.signal }, request.root, bases, answer, await line.body(answer))
      const { roundTrips, dropped: later } = await applyPlan(deps, request, { plan, bases, answer }, lanesFrom(deps, request, i, line, peers))
      return moved({ roundTrips: 1 + roundTrips, dropped: [...dropped, ...later] })
    } catch (e) {
      line?.abort(e as Error)
      deps.signal.throwIfAborted()
      if (!isAppError(e) || !isOfPeer(e)) throw e
      failure = preferred(failure, e)
      dropped.push({ peer: line?.peer ?? peer[0] ?? '', code: e.code })
    }
  }
  throw failure ?? new AppError('NO_PEERS', 'no peer is known to ask', { exit: 'unreachable', hints: ['name one: --from <peer>'] })
}

/** What another peer may do better. Of the blocks that a plan tells at its top the sizes are only said: TREE_INVALID may be the plan's fault. */
const isOfPeer = ({ code }: AppError): boolean => /^(NOT_HERE|TREE_INVALID|PEER_.*|RELAY_.*|ADDRESS_INVALID|BAD_MESSAGE|TIMED_OUT|FRAME_.*)$/.test(code)

/** A lie is worth telling before a peer that could not be reached. */
function preferred (one: AppError | undefined, other: AppError): AppError {
  return one !== undefined && (one.exit === 'refused' || other.exit === 'unreachable') ? one : other
}

async function openLine (deps: PullDeps, peer: readonly string[], peers: Set<string>): Promise<PeerLine> {
  const channel = await deps.net.open(peer, deps.signal)
  peers.add(channel.remotePeer)
  return new PeerLine(deps, channel)
}

interface Applied { readonly plan: ReadPlan, readonly bases: readonly string[], readonly answer: Answer<'plan'> }

async function applyPlan (deps: PullDeps, { root }: PullRequest, { plan, bases, answer }: Applied, lanes: readonly Lane[]): Promise<Pick<Moved, 'roundTrips' | 'dropped'>> {
  const { shelf, session, signal } = deps
  for (const { cid, bytes } of plan.leaves) await session.put(cid, bytes, { compress: true }) // a plan has few
  if (plan.whole) {
    for (const { cid, bytes } of plan.nodes) await session.put(cid, bytes, { compress: true })
    await lanes[0]?.open().then(async line => { await line[Symbol.asyncDispose]() })
    return { roundTrips: 0, dropped: [] }
  }
  for (const { cid, bytes } of plan.nodes) await session.park(cid, bytes)
  await session.flush()
  const totalBytes = plan.trees.reduce((sum, tree) => sum + tree.root.sizeBytes, 0)
  const frontier = new Frontier(shelf, session, root, plan.replaced, doneBytes => { deps.onProgress(doneBytes, totalBytes) })
  await frontier.start(plan.trees, answer.directory ? plan.nodes.at(-1)?.bytes : undefined)
  const trees: FetchDeps['bases'] = await Promise.all(bases.map(async base => ({ root: base, trees: new Map((await openRoot({ blocks: shelf, signal }, base)).trees.map(({ name, tree }) => [name, tree])) })))
  try {
    return await fetchMissing({ ...deps, blocks: shelf, frontier, root, bases: trees, flush: async () => { await session.flush() } }, lanes)
  } finally {
    await session.flush()
  }
}

/** All peers but those that were given up; the first goes on with the stream there is. */
function lanesFrom (deps: PullDeps, { peers: all }: PullRequest, from: number, line: PeerLine, peers: Set<string>): Lane[] {
  let first: PeerLine | undefined = line
  return all.slice(from).map((peer, i) => ({
    name: i === 0 ? line.peer : peer.at(-1) ?? '',
    async open () {
      const ready = i === 0 ? first : undefined
      if (ready === undefined) return await openLine(deps, peer, peers)
      first = undefined
      return ready
    },
  }))
}
