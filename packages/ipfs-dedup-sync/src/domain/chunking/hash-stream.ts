import type { Cutter } from './cutter.ts'
import { splitStream, type CutStream } from './split-stream.ts'

/** A chunk, the reader's to keep. */
export interface HashedChunk {
  readonly bytes: Uint8Array
  /** SHA-256. */
  readonly digest: Uint8Array
}

/** One thread's way: cuts and hashes a stream as it is read. `ChunkPool` does the same in many, for FastCDC. */
export async function * hashStream (source: CutStream, cutter: Cutter, sha256: (bytes: Uint8Array) => Uint8Array): AsyncGenerator<HashedChunk> {
  for await (const bytes of splitStream(source, cutter)) yield { bytes, digest: sha256(bytes) }
}
