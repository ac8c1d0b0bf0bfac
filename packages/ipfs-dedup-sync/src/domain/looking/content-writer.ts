import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import type { HashedChunk } from '../chunking/hash-stream.ts'
import { CUT, type CutStream } from '../chunking/split-stream.ts'
import type { BuiltTree, TreeBuilder } from '../tree/tree-builder.ts'
import { Handoff } from './handoff.ts'
import type { LeafStore } from './leaf-store.ts'

export interface ContentWriterDeps {
  readonly chunks: (source: CutStream) => AsyncIterable<HashedChunk>
  readonly leaves: LeafStore
  /** Of an empty tree. */
  readonly tree: TreeBuilder
}

/** Where the content stood: to go back to. */
export interface ContentPlace { readonly tree: TreeBuilder, readonly sizeBytes: number }

interface RunningStream { readonly handoff: Handoff<Uint8Array | typeof CUT>, readonly done: Promise<void>, cut: boolean }

/** Bytes that may wait to be cut. */
const ROOM_BYTES = 512 * 1024
const LEAVES_AHEAD = 16

/** Writes the file `content`: cuts, hashes and stores what it is given. Forced cuts part it into streams where it has to be able to go back. One call at a time. */
export class ContentWriter {
  readonly #deps: ContentWriterDeps
  #tree: TreeBuilder
  #sizeBytes = 0
  #stream: RunningStream | undefined

  constructor (deps: ContentWriterDeps) {
    this.#deps = deps
    this.#tree = deps.tree
  }

  get sizeBytes (): number { return this.#sizeBytes }

  /** @param bytes must stay as they are */
  async write (bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    const stream = this.#stream ??= this.#begin()
    stream.cut = false
    this.#sizeBytes += bytes.length
    await stream.handoff.push(bytes, bytes.length)
  }

  async cut (): Promise<void> {
    if (this.#stream === undefined || this.#stream.cut) return
    this.#stream.cut = true
    await this.#stream.handoff.push(CUT, 0)
  }

  /** Forces a cut. */
  async mark (): Promise<ContentPlace> {
    await this.#end()
    return { tree: this.#tree.fork(), sizeBytes: this.#sizeBytes }
  }

  /** What was written since is not part of it any more; its leaves are the next gc's. */
  async goBack ({ tree, sizeBytes }: ContentPlace): Promise<void> {
    await this.#end()
    this.#tree = tree.fork()
    this.#sizeBytes = sizeBytes
  }

  async finish (): Promise<BuiltTree> {
    await this.#end()
    return await this.#tree.finish()
  }

  /** Waits for what is under way. */
  async close (): Promise<void> { await this.#end().catch(() => {}) }

  #begin (): RunningStream {
    const handoff = new Handoff<Uint8Array | typeof CUT>(ROOM_BYTES)
    const done = this.#store(handoff)
    done.catch((e: unknown) => { handoff.fail(e) })
    return { handoff, done, cut: false }
  }

  async #end (): Promise<void> {
    const stream = this.#stream
    this.#stream = undefined
    stream?.handoff.end()
    await stream?.done
  }

  async #store (handoff: Handoff<Uint8Array | typeof CUT>): Promise<void> {
    const tree = this.#tree
    const chunks = this.#deps.chunks(handoff.read())
    for await (const leaf of mapConcurrent(chunks, LEAVES_AHEAD, async ({ bytes, digest }) => await this.#deps.leaves.put(bytes, digest))) await tree.add(leaf)
  }
}
