import type { ByteSource } from './byte-cursor.ts'
import type { FileSource } from './file-source.ts'
import type { RunningHash } from './ingest.ts'

/** A file whose hash is taken as it is read from front to back, whatever is read a second time in between. */
export class HashedSource implements ByteSource {
  readonly #source: FileSource
  readonly #hash: RunningHash
  readonly #onProgress: (doneBytes: number) => void
  #hashedBytes = 0

  constructor (source: FileSource, hash: RunningHash, onProgress: (doneBytes: number) => void) {
    this.#source = source
    this.#hash = hash
    this.#onProgress = onProgress
  }

  async * read (start: number, end?: number): AsyncGenerator<Uint8Array> {
    let at = start
    for await (const bytes of this.#source.read(start, end)) {
      if (at <= this.#hashedBytes && at + bytes.length > this.#hashedBytes) {
        this.#hash.update(bytes.subarray(this.#hashedBytes - at))
        this.#hashedBytes = at + bytes.length
        this.#onProgress(this.#hashedBytes)
      }
      at += bytes.length
      yield bytes
    }
  }

  /** All of it was read, and is what it was at first. @throws AppError FILE_CHANGED */
  async digest (): Promise<Uint8Array> {
    for await (const _ of this.read(this.#hashedBytes)) { /* what nobody had to read */ }
    await this.#source.requireUnchanged()
    return this.#hash.digest()
  }
}
