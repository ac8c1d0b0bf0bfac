import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { Clock } from '@ipkit/core/time/clock'
import type { Tree, TreeReaderDeps } from '../tree/open-tree.ts'
import type { TreeName } from '../tree/root-directory.ts'
import type { Sha256 } from '../tree/tree-node.ts'
import { MAX_BATCH_BASE_BYTES, MAX_BATCH_LEAF_BYTES, MAX_RANGES } from '../wire-limits.ts'
import { baseCost, rangeBytes, readPart } from './block-batch.ts'
import { badMessage } from './compact-bytes.ts'
import type { Frontier, Wanted } from './frontier.ts'
import type { PeerLine } from './peer-line.ts'

export interface FetchDeps {
  readonly clock: Clock
  readonly sha256: Sha256
  readonly blocks: TreeReaderDeps['blocks']
  readonly signal: AbortSignal
  readonly frontier: Frontier
  readonly root: string
  /** Trees of the bases, by the number that `Wanted.replaced` has, which all peers are taken to know; and their roots. */
  readonly bases: ReadonlyArray<{ readonly root: string, readonly trees: ReadonlyMap<TreeName, Tree> }>
  /** Now and then: what came so far is to be durable. */
  readonly flush: () => Promise<void>
}

/** One peer. */
export interface Lane {
  readonly name: string
  /** The first time and after each time that it was given up for being slow. */
  open(): Promise<PeerLine>
}

export interface Fetched {
  /** Of the lane that had most of them. */
  readonly roundTrips: number
  readonly dropped: ReadonlyArray<{ readonly peer: string, readonly code: string }>
}

const FIRST_BATCH_BYTES = 256 * 1024
const SMALLEST_BATCH_BYTES = 64 * 1024
const LARGEST_BATCH_BYTES = 4 * 1024 * 1024
/** A batch should take about so long. */
const BATCH_MS = 500
const BATCHES_AHEAD = 2
/** A peer that has given nothing for so long loses its share to one that has nothing to do. */
const SLOW_MS = 2000
const SLOW_TIMES = 3
/** Slower than this, a peer is asked to compress. Fewer bytes say nothing about it: they take as long as the answer's way. */
const SQUEEZE_BELOW_BYTES_A_SECOND = 12_000_000
const JUDGED_BYTES = 128 * 1024
const FLUSH_BYTES = 64 * 1024 * 1024

/**
 * Brings all that `frontier` misses from these peers at once. What one is slow with, or gives wrongly, others are asked for.
 * @throws AppError of the last peer that was given up, when none is left; TREE_INVALID, what the shelf throws
 */
export async function fetchMissing (deps: FetchDeps, lanes: readonly Lane[]): Promise<Fetched> {
  const stop = new AbortController()
  const signal = AbortSignal.any([deps.signal, stop.signal])
  const runs = lanes.map(lane => new LaneRun({ ...deps, signal }, lane, reason => { stop.abort(reason) }))
  for (const run of runs) run.others = runs.filter(other => other !== run)
  const results = await Promise.allSettled(runs.map(async run => { await run.run() }))
  deps.signal.throwIfAborted()
  if (stop.signal.aborted) throw stop.signal.reason
  const failed = results.flatMap((result, i) => result.status === 'rejected' ? [{ peer: lanes[i]!.name, error: result.reason as unknown }] : [])
  const bug = failed.find(({ error }) => !isAppError(error))
  if (bug !== undefined) throw bug.error
  const dropped = failed.map(({ peer, error }) => ({ peer, code: (error as AppError).code }))
  if (!deps.frontier.done) throw failed.find(({ error }) => (error as AppError).exit === 'refused')?.error ?? failed.at(-1)?.error
  return { roundTrips: Math.max(0, ...runs.map(run => run.roundTrips)), dropped }
}

interface Batch { readonly wanted: readonly Wanted[], readonly askedAtMs: number, next: number }

class LaneRun {
  others: readonly LaneRun[] = []
  roundTrips = 0
  readonly #deps: FetchDeps
  readonly #lane: Lane
  readonly #fail: (reason: unknown) => void
  #line: PeerLine | undefined
  #batches: Batch[] = []
  #batchBytes = FIRST_BATCH_BYTES
  #bytesASecond = Infinity
  #heardAtMs = 0
  #slow = 0
  #taken = false
  #unflushed = 0

  constructor (deps: FetchDeps, lane: Lane, fail: (reason: unknown) => void) {
    this.#deps = deps
    this.#lane = lane
    this.#fail = fail
  }

  async run (): Promise<void> {
    for (;;) {
      try {
        await this.#converse()
        return
      } catch (e) {
        this.#deps.frontier.giveBack(this.#batches.flatMap(({ wanted, next }) => wanted.slice(next)))
        this.#batches = []
        this.#line?.abort(e as Error)
        this.#line = undefined
        this.#deps.signal.throwIfAborted()
        if (!this.#taken || ++this.#slow === SLOW_TIMES) throw e
        this.#taken = false
        this.#batchBytes = SMALLEST_BATCH_BYTES
      }
    }
  }

  /** Gives its share to whoever asks, if it has given nothing for long. */
  yieldIfSlow (): void {
    if (this.#batches.length === 0 || this.#line === undefined || this.#taken || this.#deps.clock.now() - this.#heardAtMs < SLOW_MS) return
    this.#taken = true
    this.#line.abort(new AppError('PEER_SLOW', `peer ${this.#lane.name} was too slow: others gave what it was asked for`, { exit: 'unreachable' }))
  }

  async #converse (): Promise<void> {
    const { frontier, signal } = this.#deps
    if (frontier.done) return
    const line = this.#line = await this.#lane.open()
    for (;;) {
      signal.throwIfAborted()
      while (this.#batches.length < BATCHES_AHEAD && await this.#ask(line)) continue
      if (this.#batches.length > 0) { await this.#receive(line, this.#batches[0]!); this.#batches.shift(); continue }
      if (frontier.done) { await line[Symbol.asyncDispose](); return }
      await this.#idle()
    }
  }

  async #idle (): Promise<void> {
    const { frontier, clock, signal } = this.#deps
    const stop = new AbortController()
    const sleep = clock.sleep(SLOW_MS / 4, AbortSignal.any([signal, stop.signal]))
    sleep.catch(() => {})
    const { changed } = frontier
    if (frontier.done) return
    await Promise.race([changed, sleep])
    stop.abort(new Error('no longer needed'))
    for (const other of this.others) other.yieldIfSlow()
  }

  async #ask (line: PeerLine): Promise<boolean> {
    const { frontier, clock, root, bases } = this.#deps
    const wanted = await this.#ours(async () => await frontier.take(this.#batchBytes))
    if (wanted === undefined) return false
    const ranges = rangesOf(wanted)
    if (ranges.count < wanted.length) frontier.giveBack(wanted.slice(ranges.count))
    if (this.#batches.length === 0) { this.roundTrips++; this.#heardAtMs = clock.now() }
    const [{ path, height, replaced }] = wanted as [Wanted]
    this.#batches.push({ wanted: wanted.slice(0, ranges.count), askedAtMs: clock.now(), next: 0 })
    await line.send({
      type: 'blocks', root, path, height, base: replaced === undefined ? null : bases[replaced.of]!.root, ranges: ranges.ranges,
      squeeze: replaced !== undefined || this.#bytesASecond < SQUEEZE_BELOW_BYTES_A_SECOND,
    })
    return true
  }

  async #receive (line: PeerLine, batch: Batch): Promise<void> {
    const { clock, sha256, blocks, signal, bases } = this.#deps
    const startedMs = Math.max(batch.askedAtMs, this.#heardAtMs)
    let sizeBytes = 0
    let waitedMs = 0 // for the peer; the rest of the time is our own
    while (batch.next < batch.wanted.length) {
      const askedMs = clock.now()
      const body = await line.body(await line.next('part'))
      this.#heardAtMs = clock.now()
      waitedMs += this.#heardAtMs - askedMs
      const stored: Array<Promise<void>> = []
      const before = batch.next
      const base = async (): Promise<Uint8Array> => {
        const { replaced, path } = batch.wanted[batch.next] ?? {}
        const tree = replaced === undefined || path === undefined ? undefined : bases[replaced.of]?.trees.get(path)
        if (tree === undefined) throw badMessage('a patch that was not asked for')
        return await this.#ours(async () => await rangeBytes({ blocks, signal }, tree, replaced!))
      }
      for await (const bytes of readPart(body, base)) {
        const wanted = batch.wanted[batch.next]
        if (wanted === undefined) throw badMessage('more blocks than were asked for')
        if (!sameBytes(sha256(bytes), wanted.link.cid.multihash.digest)) throw new AppError('PEER_LIED', `peer ${this.#lane.name} gave other bytes than those of block ${wanted.cid}`, { exit: 'refused', hints: ['fetch from other peers: --from'] })
        batch.next++
        sizeBytes += bytes.length
        stored.push(this.#ours(async () => { await this.#deps.frontier.arrived(wanted, bytes) }))
        if (wanted.height > 0) await stored.at(-1)
      }
      if (batch.next === before) throw badMessage('a part without blocks')
      await Promise.all(stored)
      if ((this.#unflushed += body.length) >= FLUSH_BYTES) {
        this.#unflushed = 0
        await this.#ours(this.#deps.flush)
      }
    }
    const ms = Math.max(1, clock.now() - startedMs)
    if (sizeBytes >= JUDGED_BYTES) this.#bytesASecond = sizeBytes / Math.max(1, waitedMs) * 1000
    this.#batchBytes = Math.min(LARGEST_BATCH_BYTES, Math.max(SMALLEST_BATCH_BYTES, Math.min(this.#batchBytes * 4, Math.floor(sizeBytes / ms * BATCH_MS))))
  }

  /** What goes wrong in it is not the peer's doing and ends all. */
  async #ours<T> (work: () => Promise<T>): Promise<T> {
    try { return await work() } catch (e) { this.#fail(e); throw e }
  }
}

/** @returns ranges for the first `count` of them */
function rangesOf (wanted: readonly Wanted[]): { readonly ranges: number[][], readonly count: number } {
  const ranges: number[][] = []
  let before: Wanted | undefined
  let leafBytes = 0
  let baseLeft = MAX_BATCH_BASE_BYTES
  let count = 0
  for (const block of wanted) {
    const end = block.offset + block.link.sizeBytes
    if (block.height === 0 && count > 0 && leafBytes + block.link.sizeBytes > MAX_BATCH_LEAF_BYTES) break
    leafBytes += block.link.sizeBytes
    if (before !== undefined && before.offset + before.link.sizeBytes === block.offset && before.replaced === block.replaced) {
      ranges.at(-1)![1] = end
    } else {
      if (ranges.length === MAX_RANGES || (block.replaced !== undefined && (baseLeft -= baseCost(block.replaced)) < 0)) break
      ranges.push(block.replaced === undefined ? [block.offset, end] : [block.offset, end, block.replaced.start, block.replaced.end])
    }
    before = block
    count++
  }
  return { ranges, count }
}

function sameBytes (a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false
  return a.length === b.length
}
