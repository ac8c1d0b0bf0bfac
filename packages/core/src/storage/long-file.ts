import { writeFully, type StorageFile } from './storage-fs.ts'

/** Written between two syncs: so seldom that they cost next to nothing, so often that the last one has little left to do. */
export const SYNC_EVERY_BYTES = 32 * 1024 * 1024

/**
 * A file that is written for long, and synced meanwhile: one sync at a time, beside the writing, so that whoever waits for the end does not
 * wait for all of it to reach the disk. A sync that failed is final: the kernel says so once, goes on showing the bytes that it has lost, and
 * the next sync would succeed without them.
 */
export class LongFile {
  readonly #file: StorageFile
  #unsyncedBytes = 0
  #syncing: Promise<void> | undefined
  #failure: { readonly cause: unknown } | undefined

  /** @param file open for writing; nobody else syncs or closes it */
  constructor (file: StorageFile) { this.#file = file }

  /** What is in the file may not be on the disk, whatever reading shows. */
  get doubtful (): boolean { return this.#failure !== undefined }

  /** Calls may overlap; `bytes` hold until theirs has settled. @throws the disk's own errors, also those of an earlier sync */
  async write (bytes: Uint8Array, position: number): Promise<void> {
    this.#throwFailure()
    await writeFully(this.#file, bytes, position)
    this.#unsyncedBytes += bytes.length
    if (this.#syncing !== undefined || this.#unsyncedBytes < SYNC_EVERY_BYTES) return
    this.#unsyncedBytes = 0
    this.#syncing = this.#sync().finally(() => { this.#syncing = undefined })
  }

  /** Everything is on the disk when it resolves. @throws the disk's own errors, also those of an earlier sync */
  async finish (): Promise<void> {
    await this.#syncing
    this.#throwFailure()
    await this.#sync()
    this.#throwFailure()
  }

  /** `doubtful` says the last word when it has settled. @throws the disk's own errors */
  async close (): Promise<void> {
    await this.#syncing
    await this.#file.close()
  }

  /** Never throws: a sync beside the writing has nobody who waits for it. */
  async #sync (): Promise<void> {
    try { await this.#file.datasync() } catch (cause) { this.#failure ??= { cause } }
  }

  #throwFailure (): void {
    if (this.#failure !== undefined) throw this.#failure.cause
  }
}
