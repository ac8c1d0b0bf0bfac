import { readFully, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'

interface OpenFile { readonly handle: Promise<StorageFile>, users: number, forgotten: boolean }

/** Files that are read again and again, a bounded number of them open. */
export class OpenFiles {
  readonly #fs: StorageFs
  readonly #max: number
  /** The one that was used last stands last. */
  readonly #files = new Map<string, OpenFile>()

  constructor (fs: StorageFs, max: number) {
    this.#fs = fs
    this.#max = max
  }

  /** @returns fewer bytes at the end of the file @throws what the disk says, also where the file cannot be opened */
  async read (file: string, offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    const open = this.#files.get(file) ?? { handle: this.#fs.open(file, 'r'), users: 0, forgotten: false }
    this.#files.delete(file)
    this.#files.set(file, open)
    open.users++
    try {
      return bytes.subarray(0, await readFully(await open.handle, bytes, offset))
    } catch (e) {
      if (this.#files.get(file) === open) this.#files.delete(file) // another try opens it anew
      open.forgotten = true
      throw e
    } finally {
      open.users--
      if (open.forgotten) await closeUnused(open)
      while (this.#files.size > this.#max) {
        const [[oldest] = ['']] = this.#files
        await this.forget(oldest)
      }
    }
  }

  /** Whoever reads it now may go on. */
  async forget (file: string): Promise<void> {
    const open = this.#files.get(file)
    if (open === undefined) return
    this.#files.delete(file)
    open.forgotten = true
    await closeUnused(open)
  }

  async close (): Promise<void> { for (const file of [...this.#files.keys()]) await this.forget(file) }
}

async function closeUnused (open: OpenFile): Promise<void> {
  if (open.users > 0) return
  const handle = await open.handle.catch(() => undefined)
  await handle?.close().catch(() => {})
}
