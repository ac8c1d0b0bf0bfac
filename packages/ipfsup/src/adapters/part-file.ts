/** A download that is not finished, on the disk: bytes from its start on, and a second file that says of which archive they are. docs/formats/ipfsup.md */
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { LongFile } from '@ipkit/core/storage/long-file'
import { isErrno, readFully, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { check, literal, nullable, object, string } from '@ipkit/core/schema/schema'

/** At least one hash is there. */
export interface PartOf {
  readonly sha512: string | undefined
  readonly cid: string | undefined
  readonly fileName: string
}

const FORMAT = 1
const MAX_NOTE_BYTES = 4096
const NOTE = object({ format: literal(FORMAT), sha512: nullable(string({ max: 128 })), cid: nullable(string({ max: 512 })), fileName: string({ max: 512 }) })

const READ_BYTES = 1024 * 1024
/** Handed over, and not being written yet: what kill -9 can cost is this, and what is being written. */
const MAX_WAITING_BYTES = 32 * 1024

export class PartFile {
  readonly #fs: StorageFs
  readonly #file: string
  readonly #handle: StorageFile
  readonly #disk: LongFile
  #sizeBytes: number
  #writtenBytes: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined

  private constructor (fs: StorageFs, file: string, handle: StorageFile, sizeBytes: number) {
    this.#fs = fs
    this.#file = file
    this.#handle = handle
    this.#disk = new LongFile(handle)
    this.#sizeBytes = sizeBytes
    this.#writtenBytes = sizeBytes
  }

  /** What is there stays if it is of this archive and not too large. The folder exists. @throws the disk's own errors */
  static async open (fs: StorageFs, file: string, of: PartOf, maxBytes: number): Promise<PartFile> {
    const known = await readNote(fs, file)
    if (!isOfOne(known, of)) await unlinkIfThere(fs, file)
    if (known === undefined || encodeNote(known) !== encodeNote(of)) await atomicWrite(noteOf(file), new TextEncoder().encode(encodeNote(of)), 0o600, fs)
    const handle = await openOrMake(fs, file)
    const part = new PartFile(fs, file, handle, (await handle.stat()).size)
    if (part.sizeBytes > maxBytes) await part.empty()
    return part
  }

  get sizeBytes (): number { return this.#sizeBytes }

  /** What is there, in pieces that are used again: done with before the next one. */
  async * read (): AsyncGenerator<Uint8Array> {
    const piece = new Uint8Array(Math.min(READ_BYTES, this.#sizeBytes))
    for (let at = 0; at < this.#sizeBytes;) {
      const size = await readFully(this.#handle, piece, at)
      if (size === 0) return
      yield piece.subarray(0, size)
      at += size
    }
  }

  /** Resolves when more may come. `bytes` are kept until they are written. @throws the disk's own errors, also those of earlier bytes */
  async append (bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#sizeBytes += bytes.length
    if (this.#writing === undefined) {
      this.#writing = this.#write()
      this.#writing.catch(() => {}) // `flush` throws it, and nobody may be waiting now
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) await this.flush()
  }

  /** Everything is in the file when it resolves: kill -9 does not take it away. @throws as `append` */
  async flush (): Promise<void> { await this.#writing }

  /** Drops what is there. */
  async empty (): Promise<void> {
    await this.flush()
    await this.#handle.truncate(0)
    this.#sizeBytes = 0
    this.#writtenBytes = 0
  }

  /** Everything is on the disk when it resolves. */
  async finish (): Promise<void> {
    await this.flush()
    await this.#disk.finish()
  }

  async close (): Promise<void> {
    try { await this.flush() } finally { await this.#disk.close() }
  }

  /** Takes both files away; `close` is still to be called. */
  async remove (): Promise<void> {
    await unlinkIfThere(this.#fs, this.#file)
    await unlinkIfThere(this.#fs, noteOf(this.#file))
  }

  /** All that waits at once, again and again: while one piece is being written, the next ones gather. */
  async #write (): Promise<void> {
    while (this.#waiting.length > 0) {
      const bytes = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting)
      this.#waiting = []
      this.#waitingBytes = 0
      await this.#disk.write(bytes, this.#writtenBytes)
      this.#writtenBytes += bytes.length
    }
    this.#writing = undefined
  }
}

const noteOf = (file: string): string => `${file}.json`
const encodeNote = ({ sha512 = null, cid = null, fileName }: { readonly [K in keyof PartOf]: PartOf[K] | null }): string => `${JSON.stringify({ format: FORMAT, sha512, cid, fileName })}\n`

/** By the hash, where both have one. */
function isOfOne (note: PartOf | undefined, of: PartOf): boolean {
  if (note?.fileName !== of.fileName) return false
  return note.sha512 === undefined || of.sha512 === undefined ? note.cid !== undefined && note.cid === of.cid : note.sha512 === of.sha512
}

/** @returns undefined where there is none that can be read: then nobody knows what the bytes are */
async function readNote (fs: StorageFs, file: string): Promise<PartOf | undefined> {
  const bytes = new Uint8Array(MAX_NOTE_BYTES)
  let size: number
  try {
    const handle = await fs.open(noteOf(file), 'r')
    try { size = await readFully(handle, bytes, 0) } finally { await handle.close() }
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return undefined
    throw e
  }
  try {
    const { sha512, cid, fileName } = check(NOTE, JSON.parse(new TextDecoder().decode(bytes.subarray(0, size))), 'note')
    return { sha512: sha512 ?? undefined, cid: cid ?? undefined, fileName }
  } catch {
    return undefined
  }
}

async function openOrMake (fs: StorageFs, file: string): Promise<StorageFile> {
  try {
    return await fs.open(file, 'r+')
  } catch (e) {
    if (!isErrno(e, 'ENOENT')) throw e
    return await fs.open(file, 'wx', 0o600)
  }
}

async function unlinkIfThere (fs: StorageFs, file: string): Promise<void> {
  try { await fs.unlink(file) } catch (e) { if (!isErrno(e, 'ENOENT')) throw e }
}
