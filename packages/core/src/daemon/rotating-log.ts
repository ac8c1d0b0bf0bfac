import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

/**
 * A destination for pino: appends to `file`, and at `maxBytes` moves it to `<file>.1` and begins anew. Synchronous, so that the last
 * lines before a crash are there. A disk that is full loses lines and nothing else.
 */
export class RotatingLog {
  readonly #file: string
  readonly #maxBytes: number
  #fd: number | undefined
  #sizeBytes = 0

  constructor (file: string, maxBytes: number) {
    this.#file = file
    this.#maxBytes = maxBytes
    this.#open()
  }

  write (line: string): void {
    if (this.#sizeBytes >= this.#maxBytes) this.#rotate()
    if (this.#fd === undefined) this.#open()
    if (this.#fd === undefined) return
    try { this.#sizeBytes += writeSync(this.#fd, line) } catch { /* nowhere to say it */ }
  }

  close (): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #open (): void {
    try {
      this.#fd = openSync(this.#file, 'a', 0o600)
      this.#sizeBytes = fstatSync(this.#fd).size
    } catch { this.#fd = undefined }
  }

  #rotate (): void {
    this.close()
    this.#sizeBytes = 0
    try { renameSync(this.#file, `${this.#file}.1`) } catch { /* goes on in the same file */ }
  }
}
