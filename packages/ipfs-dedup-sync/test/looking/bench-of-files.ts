import { createHash } from 'node:crypto'
import { nodeInflate } from '../../src/adapters/node-inflate.ts'
import { hashStream } from '../../src/domain/chunking/hash-stream.ts'
import { parseChunker, type Chunker } from '../../src/domain/chunking/parse-chunker.ts'
import { createCutter } from '../../src/domain/chunking/create-cutter.ts'
import { gearTable } from '../../src/domain/chunking/gear-table.ts'
import { loadChunker } from '../../src/adapters/load-chunker.ts'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import type { FileSource } from '../../src/domain/looking/file-source.ts'
import { ingest, type IngestDeps, type Ingested, type RunningHash } from '../../src/domain/looking/ingest.ts'
import { restore } from '../../src/domain/recipe/restore.ts'
import type { Restored } from '../../src/domain/recipe/restored.ts'
import { openRoot } from '../../src/domain/recipe/root-folder.ts'
import { readRange } from '../../src/domain/tree/read-range.ts'
import { wasmFile } from '../chunking/make-bytes.ts'
import { sha256 } from '../tree/plant-tree.ts'
import { slowEngine } from './slow-engine.ts'

export const newHash = (): RunningHash => {
  const hash = createHash('sha256')
  return { update: bytes => { hash.update(bytes) }, digest: () => Uint8Array.from(hash.digest()) }
}

const newScanner = loadChunker(wasmFile)
const table = gearTable()

/** A shelf with all that is needed to fill it. */
export class Bench {
  readonly shelf = new MemoryShelf()
  readonly engine: ReturnType<typeof slowEngine>
  readonly signal: AbortSignal

  constructor (engine = slowEngine(), signal = new AbortController().signal) {
    this.engine = engine
    this.signal = signal
  }

  async deps (chunker: Chunker = { kind: 'fastcdc' }): Promise<IngestDeps> {
    const { engine, shelf, signal } = this
    return {
      engine,
      shelf,
      signal,
      session: await shelf.begin(),
      newHash,
      inflate: nodeInflate,
      chunks: source => hashStream(source, createCutter(chunker, () => newScanner(table)), sha256),
      onProgress: () => {},
    }
  }

  async add (bytes: Uint8Array, { look = true, chunker = 'fastcdc', piece = 65_536 }: { readonly look?: boolean, readonly chunker?: string, readonly piece?: number } = {}): Promise<Ingested> {
    const parsed = parseChunker(chunker)
    return await ingest(await this.deps(parsed), memoryFile(bytes, piece), { chunker: parsed, look })
  }

  async open (root: string): Promise<Restored> {
    return await restore({ blocks: this.shelf, engine: this.engine, newHash, signal: this.signal }, root)
  }

  /** The bytes of a file. */
  async bytes (root: string): Promise<Buffer> {
    const restored = await this.open(root)
    if (restored.kind !== 'file') throw new Error('a folder')
    return await gather(restored.bytes)
  }

  /** What every client of IPFS sees as the content. */
  async content (root: string): Promise<Buffer> {
    const opened = await openRoot({ blocks: this.shelf }, root)
    return await gather(readRange({ blocks: this.shelf }, 'height' in opened ? opened : opened.content))
  }

  /** The recipe as it stands. */
  async recipe (root: string): Promise<Buffer> {
    const opened = await openRoot({ blocks: this.shelf }, root)
    if ('height' in opened) throw new Error('it has no recipe')
    return await gather(readRange({ blocks: this.shelf }, opened.recipe))
  }

  /** Adds and restores: the same bytes. @returns what `add` says, and what its content is */
  async thereAndBack (bytes: Uint8Array, options?: Parameters<Bench['add']>[1]): Promise<Ingested> {
    const ingested = await this.add(bytes, options)
    const back = await this.bytes(ingested.root)
    if (!back.equals(bytes)) throw new Error(`${bytes.length} bytes came back as ${back.length} others`)
    return ingested
  }
}

export function memoryFile (bytes: Uint8Array, piece = 65_536): FileSource {
  const file: FileSource = {
    name: 'file',
    sizeBytes: bytes.length,
    async * read (start = 0, end = bytes.length) {
      for (let at = start; at < Math.min(end, bytes.length); at += piece) yield bytes.subarray(at, Math.min(at + piece, end, bytes.length))
    },
    async requireUnchanged () {},
    async again () { return file },
  }
  return file
}

export async function gather (pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(Uint8Array.from(piece))
  return Buffer.concat(all)
}
