import { codeOf } from '@ipkit/core/errors/code-of'
import type { HashedChunk } from '../chunking/hash-stream.ts'
import type { Chunker } from '../chunking/parse-chunker.ts'
import type { CutStream } from '../chunking/split-stream.ts'
import type { DeflateEngine } from '../deflate/deflate-engine.ts'
import type { Shelf, ShelfSession } from '../keeping/shelf.ts'
import type { FileSource } from './file-source.ts'
import { HashedSource } from './hashed-source.ts'
import { openWriters } from './open-writers.ts'
import { lookIntoFile } from './look-into-file.ts'

export interface IngestDeps {
  readonly engine: DeflateEngine
  /** Cuts and hashes a stream; several streams one after the other. */
  readonly chunks: (source: CutStream) => AsyncIterable<HashedChunk>
  readonly shelf: Shelf
  readonly session: ShelfSession
  /** SHA-256 of a whole stream, step by step. */
  readonly newHash: () => RunningHash
  readonly inflate: InflateStream
  readonly signal: AbortSignal
  readonly onProgress: (step: string, doneBytes: number, totalBytes: number) => void
}

export interface RunningHash { update(bytes: Uint8Array): void, digest(): Uint8Array }

/** Raw inflate. Ends with the stream's last block: `consumedBytes` says how much of `source` that was. @throws AppError DEFLATE_INVALID for a broken or unended stream */
export type InflateStream = (source: AsyncIterable<Uint8Array>) => { readonly text: AsyncIterable<Uint8Array>, consumedBytes(): number }

/** One container that was looked into, outermost first. */
export interface Layer {
  readonly format: 'gzip' | 'zip' | 'zlib' | 'tar' | 'folder'
  /** `gnu-gzip`, `zlib`, … as of `Producer`; 'unknown' where corrections were needed. */
  readonly encoder?: string
  readonly level?: number
  /** Whether the encoder is known and gives the very bytes; false: with corrections, or kept as it is. */
  readonly exact: boolean
}

export interface Ingested {
  /** Of a plain file: its tree's; of what was looked into, or of a folder: a UnixFS directory of `content`, `recipe` and, where needed, `corrections`. Everything is on the shelf; nothing is kept yet. */
  readonly root: string
  readonly sizeBytes: number
  /** Undefined for a folder. */
  readonly sha256?: Uint8Array
  readonly reusedBytes: number
  readonly layers: readonly Layer[]
  /** What was not looked into, and why: sentences for people. */
  readonly notes: readonly string[]
  /** What an edit of one byte in the middle would touch: its leaf and the nodes above. */
  readonly edit: { readonly nodes: number, readonly bytes: number }
}

export interface IngestOptions {
  readonly chunker: Chunker
  /** Whether archives are looked into: only with FastCDC. */
  readonly look: boolean
}

/**
 * Puts a file on the shelf: docs/formats/recipe.md. A file that changes meanwhile is begun anew, once.
 * @throws AppError FILE_CHANGED; what the shelf, the file and the engine throw
 */
export async function ingest (deps: IngestDeps, source: FileSource, options: IngestOptions): Promise<Ingested> {
  try {
    return await ingestOnce(deps, source, options)
  } catch (e) {
    if (codeOf(e) !== 'FILE_CHANGED') throw e
    return await ingestOnce(deps, await source.again(), options)
  }
}

async function ingestOnce (deps: IngestDeps, source: FileSource, { chunker, look }: IngestOptions): Promise<Ingested> {
  const writers = openWriters(deps, chunker)
  const { looking } = writers
  const { sizeBytes } = source
  const hashed = new HashedSource(source, deps.newHash(), doneBytes => { deps.onProgress('reading', doneBytes, sizeBytes) })
  try {
    if (look && chunker.kind === 'fastcdc') await lookIntoFile(looking, hashed, sizeBytes)
    else for await (const bytes of hashed.read(0)) await looking.content.write(bytes)
    await looking.jobs.drain()
    const sha256 = await hashed.digest()
    return { sizeBytes, sha256, ...await writers.finish({ kind: 'file', sizeBytes, sha256 }) }
  } finally {
    await writers.close()
  }
}
