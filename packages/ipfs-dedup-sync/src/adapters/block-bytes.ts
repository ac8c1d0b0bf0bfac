import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { AppError } from '@ipkit/core/errors/app-error'
import type { StorageFs } from '@ipkit/core/storage/storage-fs'
import { digestOf } from '../domain/keeping/block-id.ts'
import type { BlockEntry, PackPlace } from '../domain/keeping/block-entry.ts'
import { HEAD_BYTES, writeHead } from '../domain/keeping/pack-record.ts'
import { OpenFiles } from './open-files.ts'
import { readBytes, type PackFiles } from './pack-files.ts'

const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw)
const inflate = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw)
const LEVEL = 2
/** A file of the user's is not held open: it may be his wish to be rid of it. */
const MAX_OPEN_FILES = 0

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

export const isBlock = (cid: string, bytes: Uint8Array): boolean => Buffer.compare(sha256(bytes), digestOf(cid)) === 0

/** How the bytes of a block get to where they stand, and back. */
export class BlockBytes {
  readonly #packs: PackFiles
  readonly #pathOf: (file: number) => string | undefined
  readonly #files: OpenFiles
  /** Written anew for each record. */
  readonly #head = new Uint8Array(HEAD_BYTES)

  /** @param pathOf of a file that is pointed into */
  constructor (fs: StorageFs, packs: PackFiles, pathOf: (file: number) => string | undefined) {
    this.#packs = packs
    this.#pathOf = pathOf
    this.#files = new OpenFiles(fs, MAX_OPEN_FILES)
  }

  /** @returns the bytes as they are worth to be stored: deflated when that saves more than a tenth */
  async compress (bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const deflated = await deflate(bytes, { level: LEVEL })
    return deflated.length < bytes.length * 0.9 ? deflated : undefined
  }

  /** @param deflated what `compress` said */
  append (cid: string, bytes: Uint8Array, deflated: Uint8Array | undefined): PackPlace {
    return this.appendStored(cid, bytes.length, deflated ?? bytes, deflated !== undefined)
  }

  appendStored (cid: string, sizeBytes: number, stored: Uint8Array, deflated: boolean): PackPlace {
    const storedBytes = stored.length
    const { pack, offset } = this.#packs.next(HEAD_BYTES + storedBytes)
    writeHead(this.#head, { cid, storedBytes, sizeBytes, deflated }, pack, offset)
    this.#packs.append([this.#head, stored])
    return { kind: 'pack', pack, offset, storedBytes, deflated }
  }

  /** @returns the block; undefined where its bytes cannot be had any more @throws AppError for what is wrong with the system, not with them */
  async read (cid: string, { place, sizeBytes }: BlockEntry): Promise<Uint8Array | undefined> {
    const bytes = place === undefined ? undefined : place.kind === 'file' ? await this.#readFile(place.file, place.offset, sizeBytes) : await this.#readPack(place, sizeBytes)
    return bytes !== undefined && bytes.length === sizeBytes && isBlock(cid, bytes) ? bytes : undefined
  }

  async #readFile (file: number, offset: number, sizeBytes: number): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(file)
    return path === undefined ? undefined : await readBytes(async () => await this.#files.read(path, offset, sizeBytes), path, sizeBytes)
  }

  async #readPack ({ pack, offset, storedBytes, deflated }: PackPlace, sizeBytes: number): Promise<Uint8Array | undefined> {
    const stored = await this.#packs.read(pack, offset + HEAD_BYTES, storedBytes)
    if (stored === undefined || !deflated) return stored
    try {
      return await inflate(stored, { maxOutputLength: Math.max(1, sizeBytes) })
    } catch {
      return undefined // not what was written
    }
  }

  async close (): Promise<void> { await this.#files.close() }
}

export const notFound = (cid: string): AppError => new AppError('BLOCK_NOT_FOUND', `block ${cid} is not here`, { exit: 'notFound' })
export const damaged = (cid: string): AppError => new AppError('BLOCK_DAMAGED', `block ${cid} is not what it was when it was stored`, { hints: ['pull it again: only what is damaged is fetched'] })
