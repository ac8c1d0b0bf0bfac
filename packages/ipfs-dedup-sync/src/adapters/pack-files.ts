import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { syncFolder, writeFully, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { PACK_MAGIC } from '../domain/keeping/pack-record.ts'
import { OpenFiles } from './open-files.ts'
import { ReadAhead } from './read-ahead.ts'

/** docs/formats/dedup-store.md, "Packs". */
export const MAX_PACK_BYTES = 64 * 1024 * 1024
const SLAB_BYTES = 1024 * 1024
/** Of slabs that wait for the disk. */
const MAX_WAITING = 4
const MAX_OPEN_PACKS = 32

interface Pack { readonly number: number, endBytes: number, made: boolean, handle: StorageFile | undefined }
/** Bytes on their way to a pack; a record stands in one slab. */
interface Slab { readonly pack: Pack, readonly at: number, readonly bytes: Uint8Array, used: number }

export interface PackFilesDeps {
  readonly fs: StorageFs
  readonly folder: string
  readonly maxPackBytes: number
  /** No pack has a higher number. */
  readonly lastNumber: number
}

/** The files that blocks stand in. Appending is a matter of memory; writing goes on beside it, and `sync` makes it durable. */
export class PackFiles {
  readonly #deps: PackFilesDeps
  readonly #reading: OpenFiles
  readonly #ahead: ReadAhead
  #last: number
  #current: Pack | undefined
  #slab: Slab | undefined
  #waiting: Slab[] = []
  readonly #spare: Uint8Array[] = []
  #unsynced = new Set<Pack>()
  #writing: Promise<void> | undefined
  #failure: { readonly cause: unknown } | undefined

  constructor (deps: PackFilesDeps) {
    this.#deps = deps
    this.#last = deps.lastNumber
    this.#reading = new OpenFiles(deps.fs, MAX_OPEN_PACKS)
    this.#ahead = new ReadAhead(async (pack, offset, length) => await this.#reading.read(this.file(pack), offset, length))
  }

  file (pack: number): string { return path.join(this.#deps.folder, packName(pack)) }

  /** Goes on where the pack was left. @param handle its file, open for writing, cut to `endBytes` */
  resume (number: number, endBytes: number, handle: StorageFile): void {
    this.#current = { number, endBytes, made: true, handle }
  }

  /** Where a record of so many bytes will stand, if it is the next one to be appended. */
  next (sizeBytes: number): { readonly pack: number, readonly offset: number } {
    const { number, endBytes } = this.#packFor(sizeBytes)
    return { pack: number, offset: endBytes }
  }

  /** Takes a copy of the parts, one record. */
  append (parts: readonly Uint8Array[]): void {
    const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
    const pack = this.#packFor(sizeBytes)
    let slab = this.#slab
    if (slab === undefined || slab.pack !== pack || slab.bytes.length - slab.used < sizeBytes) {
      this.#endSlab()
      this.#slab = slab = { pack, at: pack.endBytes, bytes: this.#room(sizeBytes), used: 0 }
    }
    for (const part of parts) {
      slab.bytes.set(part, slab.used)
      slab.used += part.length
    }
    pack.endBytes += sizeBytes
  }

  #packFor (sizeBytes: number): Pack {
    const current = this.#current
    if (current !== undefined && (current.endBytes === PACK_MAGIC.length || current.endBytes + sizeBytes <= this.#deps.maxPackBytes)) return current
    this.endPack()
    const pack: Pack = { number: ++this.#last, endBytes: PACK_MAGIC.length, made: false, handle: undefined }
    this.#current = pack
    this.#slab = { pack, at: 0, bytes: this.#room(PACK_MAGIC.length + sizeBytes), used: PACK_MAGIC.length }
    this.#slab.bytes.set(PACK_MAGIC)
    return pack
  }

  #room (sizeBytes: number): Uint8Array {
    return sizeBytes > SLAB_BYTES ? new Uint8Array(sizeBytes) : this.#spare.pop() ?? new Uint8Array(SLAB_BYTES)
  }

  /** The next record begins another pack. */
  endPack (): void {
    this.#endSlab()
    if (this.#current !== undefined) this.#unsynced.add(this.#current) // so that the next sync closes it
    this.#current = undefined
  }

  get currentPack (): number | undefined { return this.#current?.number }

  #endSlab (): void {
    const slab = this.#slab
    if (slab === undefined) return
    this.#slab = undefined
    this.#waiting.push(slab)
    this.#unsynced.add(slab.pack)
    this.#write()
  }

  #write (): void {
    if (this.#writing !== undefined || this.#failure !== undefined) return
    const waiting = this.#waiting
    this.#writing = (async () => {
      try {
        for (let slab = waiting[0]; slab !== undefined; slab = waiting[0]) {
          await writeFully(await this.#handleOf(slab.pack), slab.bytes.subarray(0, slab.used), slab.at)
          waiting.shift() // only now: until then it is read from memory
          if (slab.bytes.length === SLAB_BYTES) this.#spare.push(slab.bytes)
        }
      } catch (cause) {
        this.#failure ??= { cause }
      }
    })().finally(() => { this.#writing = undefined })
  }

  async #handleOf (pack: Pack): Promise<StorageFile> {
    if (pack.handle !== undefined) return pack.handle
    pack.handle = await this.#deps.fs.open(this.file(pack.number), pack.made ? 'r+' : 'wx', 0o600)
    return pack.handle
  }

  /** Waits while too much waits for the disk. @throws what the disk says */
  async room (): Promise<void> {
    while (this.#waiting.length > MAX_WAITING && this.#failure === undefined) {
      this.#write()
      await this.#writing
    }
    this.#throwFailure()
  }

  /** All that was appended before the call is on the disk when it resolves. @throws what the disk says, also of earlier writes: then `abandon` */
  async sync (): Promise<void> {
    this.#endSlab()
    const packs = [...this.#unsynced]
    const last = this.#waiting.at(-1)
    while (last !== undefined && this.#waiting.includes(last) && this.#failure === undefined) {
      this.#write()
      await this.#writing
    }
    this.#throwFailure()
    for (const pack of packs) {
      await (await this.#handleOf(pack)).datasync()
      if (this.#slab?.pack === pack || this.#waiting.some(slab => slab.pack === pack)) continue
      this.#unsynced.delete(pack)
      if (pack === this.#current) continue
      await pack.handle?.close()
      pack.handle = undefined
    }
    if (packs.some(pack => !pack.made)) await syncFolder(this.#deps.fs, this.#deps.folder)
    for (const pack of packs) pack.made = true
  }

  #throwFailure (): void { if (this.#failure !== undefined) throw this.#failure.cause }

  /**
   * After a failure: what was appended since the last successful sync is forgotten, and its files are never written to again: after a failed sync nobody knows what is in them.
   * @param endOf how far a pack was written for good; undefined: not at all @param cut whether what is behind may go
   */
  async abandon (endOf: (pack: number) => number | undefined, cut: boolean): Promise<void> {
    const packs = new Set([...this.#unsynced, ...this.#waiting.map(slab => slab.pack), ...this.#current === undefined ? [] : [this.#current]])
    this.#waiting.splice(0)
    this.#waiting = []
    this.#slab = undefined
    this.#current = undefined
    this.#unsynced = new Set()
    this.#failure ??= { cause: undefined }
    await this.#writing
    this.#failure = undefined
    for (const { handle, number } of packs) {
      const endBytes = endOf(number)
      if (cut && endBytes !== undefined) await handle?.truncate(endBytes).catch(() => {})
      await handle?.close().catch(() => {})
      if (cut && endBytes === undefined) await this.#deps.fs.unlink(this.file(number)).catch(() => {})
    }
  }

  /** @returns undefined where the file has no such bytes, or the disk cannot read them @throws AppError; what the system says about itself */
  async read (pack: number, offset: number, length: number): Promise<Uint8Array | undefined> {
    for (const slab of this.#slab === undefined ? this.#waiting : [...this.#waiting, this.#slab]) {
      const from = offset - slab.at
      if (slab.pack.number === pack && from >= 0 && from + length <= slab.used) return slab.bytes.slice(from, from + length)
    }
    return await readBytes(async () => await this.#ahead.read(pack, offset, length), this.file(pack), length)
  }

  async remove (pack: number): Promise<void> {
    await this.#reading.forget(this.file(pack))
    await removeFile(this.#deps.fs, this.file(pack))
  }

  async close (): Promise<void> {
    await this.#writing
    const handles = new Set([...this.#unsynced, ...this.#current === undefined ? [] : [this.#current]])
    for (const { handle } of handles) await handle?.close().catch(() => {})
    await this.#reading.close()
  }
}

export const packName = (pack: number): string => `${String(pack).padStart(8, '0')}.pack`

/** What the disk may answer for bytes that it has lost; anything else is about the system, not about the file. */
const LOST = new Set(['ENOENT', 'EIO', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EUCLEAN', 'EBADMSG', 'EACCES', 'EPERM'])

/** @param read fewer than `length` bytes at the end of the file @returns undefined where they cannot be had @throws AppError for what is wrong with the system */
export async function readBytes (read: () => Promise<Uint8Array>, file: string, length: number): Promise<Uint8Array | undefined> {
  try {
    const bytes = await read()
    return bytes.length === length ? bytes : undefined
  } catch (e) {
    if (LOST.has(codeOf(e) ?? '')) return undefined
    const told = fileError(e, file, 'read')
    throw told === e && codeOf(e)?.startsWith('E') === true ? new AppError('DISK_FAILED', `'${file}' cannot be read: ${codeOf(e)}`, { cause: e }) : told
  }
}

/** What the disk will not let go of is nobody's, and is tried again when the shelf is opened. */
export async function removeFile (fs: StorageFs, file: string): Promise<void> {
  try {
    await fs.unlink(file)
  } catch (e) {
    if (codeOf(e)?.startsWith('E') !== true) throw e
  }
}
