import { createHash } from 'node:crypto'
import { createCutter } from '../domain/chunking/create-cutter.ts'
import type { GearScanner } from '../domain/chunking/gear-scanner.ts'
import { gearTable } from '../domain/chunking/gear-table.ts'
import { hashStream, type HashedChunk } from '../domain/chunking/hash-stream.ts'
import type { Chunker } from '../domain/chunking/parse-chunker.ts'
import type { CutStream } from '../domain/chunking/split-stream.ts'
import { ChunkPool } from './chunk-pool.ts'

export interface ChunkThreads {
  readonly workers: number
  /** dist/chunk-worker.js and dist/chunker.wasm */
  readonly workerFile: string
  readonly wasmFile: string
  /** In this thread. */
  readonly scanner: (table: BigUint64Array) => GearScanner
}

export interface Chunks extends AsyncDisposable {
  /** One stream at a time. */
  readonly hash: (source: CutStream) => AsyncIterable<HashedChunk>
}

/** Starting threads takes longer than cutting so much. */
const ALONE_BYTES = 1024 * 1024

/** Cuts and hashes for one file or folder, in threads where it is worth it. @param sizeBytes of the file, about */
export function openChunks ({ workers, workerFile, wasmFile, scanner }: ChunkThreads, chunker: Chunker, gearKey: Uint8Array | undefined, sizeBytes: number): Chunks {
  const table = chunker.kind === 'fastcdc' ? gearTable(gearKey) : new BigUint64Array(256)
  if (chunker.kind !== 'fastcdc' || sizeBytes < ALONE_BYTES) {
    return { hash: source => hashStream(source, createCutter(chunker, () => scanner(table)), bytes => createHash('sha256').update(bytes).digest()), async [Symbol.asyncDispose] () {} }
  }
  let pool: ChunkPool | undefined
  return {
    hash: source => (pool ??= new ChunkPool({ workers, workerFile, wasmFile, table })).hash(source),
    async [Symbol.asyncDispose] () { await pool?.[Symbol.asyncDispose]() },
  }
}
