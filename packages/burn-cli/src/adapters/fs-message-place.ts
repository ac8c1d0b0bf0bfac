/** One message's folder: `log`, `slot`, `content`, `hashes`. Format: docs/formats/burn-messages.md. */
import path from 'node:path'
import { isAppError } from '@ipkit/core/errors/app-error'
import { createAppendLog, openAppendLog, type AppendLog } from '@ipkit/core/storage/append-log'
import { destroySlot, readSlot } from '@ipkit/core/storage/erasable-slot'
import { diskError, isErrno, syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { LEAF_BYTES } from '../domain/limits.ts'
import type { MessagePlace, ReplayedLog } from '../domain/message-store.ts'
import { CONTENT, HASHES, hashesRange, readPieces, readRange, unlinkIfThere } from './payload-files.ts'

export const LOG = 'log'
export const SLOT = 'slot'

export class FsMessagePlace implements MessagePlace {
  readonly #fs: StorageFs
  readonly #dir: string
  /** Open only while the message is being claimed: thousands may wait. */
  #log: AppendLog | undefined
  #payloadGone = false

  constructor (fs: StorageFs, dir: string) { this.#fs = fs; this.#dir = dir }

  /** Makes the log with its first record. On failure no log is left. */
  async create (first: Uint8Array): Promise<void> {
    const log = await createAppendLog(this.#file(LOG), { fs: this.#fs })
    try {
      await log.append(first)
    } catch (e) {
      await unlinkIfThere(this.#fs, this.#file(LOG)).catch(() => {})
      throw e
    } finally {
      await log.close()
    }
  }

  async append (event: Uint8Array): Promise<void> {
    this.#log ??= await openAppendLog(this.#file(LOG), () => {}, { fs: this.#fs })
    if (this.#log === undefined) throw new Error(`${this.#file(LOG)} was removed`)
    await this.#log.append(event)
    if (this.#payloadGone) await this.close()
  }

  async replay (): Promise<ReplayedLog> {
    await this.close()
    const events: Uint8Array[] = []
    let damaged = false
    try {
      await (await openAppendLog(this.#file(LOG), record => events.push(record), { fs: this.#fs }))?.close()
    } catch (e) {
      if (!isAppError(e) || e.code !== 'LOG_DAMAGED') throw e
      damaged = true
    }
    return { events, damaged }
  }

  async readSecret (): Promise<Uint8Array | undefined> { return await readSlot(this.#file(SLOT), this.#fs) }

  async destroySecret (): Promise<void> { await destroySlot(this.#file(SLOT), this.#fs) }

  async hashes (from: number, count: number): Promise<Uint8Array | undefined> {
    return await readRange(this.#fs, this.#file(HASHES), ...hashesRange(from, count))
  }

  async * leaves (from: number, count: number): AsyncGenerator<Uint8Array> {
    for await (const leaf of readPieces(this.#fs, this.#file(CONTENT), from * LEAF_BYTES, (from + count) * LEAF_BYTES)) {
      if (this.#payloadGone) return // an open file outlives its name
      yield leaf
    }
  }

  async removePayload (): Promise<void> {
    await unlinkIfThere(this.#fs, this.#file(CONTENT))
    await unlinkIfThere(this.#fs, this.#file(HASHES))
    this.#payloadGone = true
    await this.close()
  }

  async remove (): Promise<void> {
    await this.destroySecret()
    await this.removePayload()
    await unlinkIfThere(this.#fs, this.#file(LOG))
    try { await this.#fs.rmdir(this.#dir) } catch (e) { if (!isErrno(e, 'ENOENT')) throw e }
    await syncFolder(this.#fs, path.dirname(this.#dir)).catch((e: unknown) => { throw diskError(e, this.#dir) })
  }

  async close (): Promise<void> {
    const log = this.#log
    this.#log = undefined
    await log?.close()
  }

  #file (name: string): string { return path.join(this.#dir, name) }
}
