import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { CutChooser } from '../domain/chunking/choose-cuts.ts'
import { type HashedChunk } from '../domain/chunking/hash-stream.ts'
import { CUT, type CutStream } from '../domain/chunking/split-stream.ts'
import { LEAD_BYTES, PIECE_BYTES, SLOT_BYTES, partsOf, slotsIn, type ChunkAnswer, type ChunkJob, type ChunkWorkerData, type PlacedChunk } from './shared-slots.ts'
import { WorkerLane } from './worker-lane.ts'

export interface ChunkPoolDeps {
  readonly workers: number
  /** dist/chunk-worker.js and dist/chunker.wasm */
  readonly workerFile: string
  readonly wasmFile: string
  /** As of `gearTable`. */
  readonly table: BigUint64Array
}

/** Part of a stream in a slot. */
interface Piece {
  readonly slot: number
  /** In the stream. */
  readonly start: number
  readonly end: number
  readonly forced: readonly number[]
  readonly last: boolean
}

/** A piece whose chunks are known: those that end in it. */
interface ChosenPiece { readonly piece: Piece, readonly chunks: readonly PlacedChunk[] }

/**
 * FastCDC and SHA-256 in worker threads, with the result of one thread. Pieces of the stream are scanned for candidates wherever a thread is free; which of them are cuts is chosen here, in order, and
 * costs next to nothing; then the chunks of each piece are hashed, again by any thread. Memory: a slot of 1 MiB for each piece between the reading of it and its last chunk, 2 x workers + 2 of them, whatever
 * the stream; what the source gives waits when all are in use.
 */
export class ChunkPool implements AsyncDisposable {
  readonly #lanes: ReadonlyArray<WorkerLane<ChunkJob, ChunkAnswer>>
  readonly #slots: readonly Uint8Array[]
  readonly #ahead: number
  #free: number[]
  #busy = false

  constructor ({ workers, workerFile, wasmFile, table }: ChunkPoolDeps) {
    this.#ahead = workers + 1
    // When a slot is taken, each of the two stages holds one piece less than it may; then there is the one that a chunk may still begin in, and the one that is to be filled.
    const shared = new SharedArrayBuffer(2 * this.#ahead * SLOT_BYTES)
    const workerData: ChunkWorkerData = { shared, table, wasmFile }
    this.#slots = slotsIn(shared)
    this.#free = [...this.#slots.keys()]
    this.#lanes = Array.from({ length: workers }, () => new WorkerLane<ChunkJob, ChunkAnswer>(workerFile, workerData))
  }

  /**
   * One stream at a time.
   * @throws what the source throws; the error of a thread that broke
   */
  async * hash (source: CutStream): AsyncGenerator<HashedChunk> {
    if (this.#busy) throw new Error('the pool works on another stream')
    this.#busy = true
    try {
      let before: Piece | undefined
      for await (const { piece, chunks, digests } of this.#hashed(source)) {
        for (const [i, chunk] of chunks.entries()) yield { bytes: this.#copy(chunk), digest: digests.slice(32 * i, 32 * i + 32) }
        // a chunk of the next piece may begin in this one, but not in the one before it
        if (before !== undefined) this.#free.push(before.slot)
        before = piece
      }
    } finally {
      this.#free = [...this.#slots.keys()]
      this.#busy = false
    }
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.#lanes.map(async lane => { await lane[Symbol.asyncDispose]() }))
  }

  #hashed (source: CutStream): AsyncGenerator<ChosenPiece & { readonly digests: Uint8Array }> {
    const scanned = mapConcurrent(this.#pieces(source), this.#ahead, async piece => {
      const length = piece.end - piece.start
      return { piece, candidates: length === 0 ? new Uint32Array(0) : await this.#ask({ kind: 'scan', slot: piece.slot, length }) as Uint32Array }
    })
    return mapConcurrent(chosen(scanned), this.#ahead, async ({ piece, chunks }) => (
      { piece, chunks, digests: chunks.length === 0 ? new Uint8Array(0) : await this.#ask({ kind: 'hash', chunks }) as Uint8Array }
    ))
  }

  /** Fills slots. All but the last piece are full. */
  async * #pieces (source: CutStream): AsyncGenerator<Piece> {
    let slot = this.#takeSlot()
    let start = 0
    let end = 0
    let forced: number[] = []
    for await (const part of source) {
      if (part === CUT) {
        if (end > start && forced.at(-1) !== end) forced.push(end)
        continue
      }
      for (let taken = 0; taken < part.length;) {
        if (end - start === PIECE_BYTES) {
          yield { slot, start, end, forced, last: false }
          const full = this.#slots[slot]!
          slot = this.#takeSlot()
          this.#slots[slot]!.set(full.subarray(PIECE_BYTES))
          start = end
          forced = []
        }
        const some = part.subarray(taken, taken + PIECE_BYTES - (end - start))
        this.#slots[slot]!.set(some, LEAD_BYTES + end - start)
        end += some.length
        taken += some.length
      }
    }
    yield { slot, start, end, forced, last: true }
  }

  #takeSlot (): number {
    const slot = this.#free.pop()
    if (slot === undefined) throw new Error('no slot is free') // the stages hold fewer pieces than there are
    return slot
  }

  async #ask (job: ChunkJob): Promise<ChunkAnswer> {
    const lane = this.#lanes.reduce((least, other) => other.load < least.load ? other : least)
    return await lane.ask(job)
  }

  #copy (chunk: PlacedChunk): Uint8Array {
    const [first, second] = partsOf(this.#slots, chunk)
    const bytes = new Uint8Array(first.length + second.length)
    bytes.set(first)
    bytes.set(second, first.length)
    return bytes
  }
}

/** In order; says of each chunk where it lies. */
async function * chosen (scanned: AsyncIterable<{ readonly piece: Piece, readonly candidates: Uint32Array }>): AsyncGenerator<ChosenPiece> {
  const chooser = new CutChooser()
  let before: Piece | undefined
  let from = 0
  for await (const { piece, candidates } of scanned) {
    const chunks: PlacedChunk[] = []
    for (const to of chooser.choose({ ...piece, candidates, lead: LEAD_BYTES })) {
      chunks.push(placeChunk(from, to, piece, before))
      from = to
    }
    yield { piece, chunks }
    before = piece
  }
}

function placeChunk (from: number, to: number, piece: Piece, before: Piece | undefined): PlacedChunk {
  if (from >= piece.start || before === undefined) return { slot: piece.slot, start: LEAD_BYTES + from - piece.start, length: to - from, nextSlot: 0, nextLength: 0 }
  return { slot: before.slot, start: LEAD_BYTES + from - before.start, length: piece.start - from, nextSlot: piece.slot, nextLength: to - piece.start }
}
