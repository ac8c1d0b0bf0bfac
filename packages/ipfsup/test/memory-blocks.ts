import { createHash } from 'node:crypto'
import { encode, prepare } from '@ipld/dag-pb'
import { AppError } from '@ipkit/core/errors/app-error'
import { UnixFS } from 'ipfs-unixfs'
import { importer, type ImporterOptions } from 'ipfs-unixfs-importer'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { BlockSource } from '../src/domain/block-source.ts'

/** Blocks in a map. `asked` has each CID that was asked for, in order. */
export class MemoryBlocks implements BlockSource {
  readonly name = 'memory'
  readonly blocks = new Map<string, Uint8Array>()
  readonly asked: string[] = []
  /** Asked for and not given yet: now, and the most there ever were. */
  readonly underWay = { now: 0, most: 0 }

  async get (cid: string, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    this.asked.push(cid)
    this.underWay.most = Math.max(this.underWay.most, ++this.underWay.now)
    await new Promise(resolve => { setImmediate(resolve) })
    this.underWay.now--
    const bytes = this.blocks.get(cid)
    if (bytes === undefined) throw new AppError('BLOCK_NOT_FOUND', 'nobody has the block', { exit: 'notFound' })
    return bytes
  }

  put (bytes: Uint8Array, codec = 0x70): string {
    const cid = CID.createV1(codec, createDigest(0x12, createHash('sha256').update(bytes).digest())).toString()
    this.blocks.set(cid, bytes)
    return cid
  }

  /** A dag-pb block. @param unixfs how the data is told; bytes as they are */
  node (unixfs: ConstructorParameters<typeof UnixFS>[0] | Uint8Array, links: ReadonlyArray<readonly [name: string, cid: string]> = []): string {
    const data = unixfs instanceof Uint8Array ? unixfs : new UnixFS(unixfs).marshal()
    const sorted = links.map(([Name, cid]) => ({ Name, Tsize: 0, Hash: CID.parse(cid) }))
    return this.put(encode(prepare({ Data: data, Links: sorted })))
  }

  /** What the reference implementation makes of files. @returns the root */
  async add (files: Readonly<Record<string, Uint8Array>>, options: ImporterOptions = {}): Promise<string> {
    let root = ''
    const store = { put: async (cid: CID, bytes: Uint8Array) => { this.blocks.set(cid.toString(), bytes); return cid } }
    for await (const { cid } of importer(Object.entries(files).map(([path, content]) => ({ path, content })), store as never, { wrapWithDirectory: true, ...options })) root = cid.toString()
    return root
  }
}
