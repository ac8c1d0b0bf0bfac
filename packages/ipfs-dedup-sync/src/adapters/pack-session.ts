import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_BLOCK_BYTES } from '@ipkit/core/blocks/block-store'
import type { BlockEntry, BlockPlace } from '../domain/keeping/block-entry.ts'
import { childrenOf, isNode, requireBlockId } from '../domain/keeping/block-id.ts'
import type { PointedFile, RootFacts, ShelfSession } from '../domain/keeping/shelf.ts'
import { isBlock } from './block-bytes.ts'
import type { KeptRoots } from './kept-roots.ts'
import type { PointedFiles } from './pointed-files.ts'
import { childMissing, countChildren, type ShelfParts } from './shelf-parts.ts'

export interface PackSessionDeps {
  readonly parts: ShelfParts
  readonly roots: KeptRoots
  readonly files: PointedFiles
}

/** What a new block is made of; `place` makes its bytes stand somewhere. */
interface NewBlock { readonly cid: string, readonly sizeBytes: number, readonly children: readonly string[], place(): BlockPlace }

export class PackSession implements ShelfSession {
  readonly #deps: PackSessionDeps
  /** Rollbacks that were there before. */
  readonly #rollbacks: number
  #ended = false
  newBytes = 0
  newBlocks = 0

  constructor (deps: PackSessionDeps) {
    this.#deps = deps
    this.#rollbacks = deps.parts.rollbacks
    deps.parts.sessions.add(this)
  }

  async get (cid: string): Promise<Uint8Array> {
    requireBlockId(cid)
    return await this.#deps.parts.get(cid)
  }

  async put (cid: string, bytes: Uint8Array, { compress = false, checked = false }: { readonly compress?: boolean, readonly checked?: boolean } = {}): Promise<boolean> {
    const { parts } = this.#deps
    this.#requireUsable()
    requireBlock(cid, bytes, checked)
    let deflated: Uint8Array | undefined
    if (compress) {
      if ((await parts.lookUp(cid))?.whole === true) return false
      deflated = await parts.bytes.compress(bytes)
      this.#requireUsable()
    }
    return await this.#add({ cid, sizeBytes: bytes.length, children: childrenOf(cid, bytes), place: () => parts.bytes.append(cid, bytes, deflated) })
  }

  async openFile (file: PointedFile): Promise<number> {
    this.#requireUsable()
    return await this.#deps.files.number(file)
  }

  async point (cid: string, { file, offset, sizeBytes }: { readonly file: number, readonly offset: number, readonly sizeBytes: number }): Promise<boolean> {
    this.#requireUsable()
    requireBlockId(cid)
    if (isNode(cid)) throw new RangeError(`${cid} is a node: only leaves stand in a user's file`)
    return await this.#add({ cid, sizeBytes, children: [], place: () => ({ kind: 'file', file, offset }) })
  }

  async #add ({ cid, sizeBytes, children, place }: NewBlock): Promise<boolean> {
    const { parts } = this.#deps
    const result = await parts.whenSettled([cid, ...children], view => {
      this.#requireUsable()
      parts.rely(cid)
      const before = view.get(cid)
      if (before?.whole === true) return { isNew: false }
      const missing = children.find(child => view.get(child)?.whole !== true)
      if (missing !== undefined) return { isNew: false, missing }
      if (before?.counted !== true) countChildren(view, children, 1)
      view.set(cid, { sizeBytes, place: before?.place ?? place(), refs: before?.refs ?? 0, whole: true, counted: true })
      return { isNew: true }
    })
    if (result.missing !== undefined) throw childMissing(result.missing)
    if (!result.isNew) return false
    this.newBytes += sizeBytes
    this.newBlocks++
    await this.#grew(sizeBytes)
    return true
  }

  async park (cid: string, bytes: Uint8Array): Promise<void> {
    const { parts } = this.#deps
    this.#requireUsable()
    requireBlock(cid, bytes, false)
    childrenOf(cid, bytes) // what is no node is told now
    const isNew = await parts.whenSettled([cid], view => {
      parts.rely(cid)
      const before: BlockEntry | undefined = view.get(cid)
      if (before?.place !== undefined) return false
      view.set(cid, { sizeBytes: bytes.length, place: parts.bytes.append(cid, bytes, undefined), refs: before?.refs ?? 0, whole: false, counted: before?.counted ?? false })
      return true
    })
    if (isNew) await this.#grew(bytes.length)
  }

  async parked (cid: string): Promise<Uint8Array | undefined> {
    const { parts } = this.#deps
    requireBlockId(cid)
    for (;;) {
      const entry = await parts.whenSettled([cid], view => view.get(cid))
      if (entry?.place === undefined || entry.whole) return undefined
      parts.rely(cid)
      const bytes = await parts.bytes.read(cid, entry)
      if (bytes !== undefined || await parts.lose(cid, entry)) return bytes
    }
  }

  async flush (): Promise<void> {
    this.#requireUsable()
    await this.#deps.parts.commit()
    this.#requireUsable()
  }

  async keep (root: string, facts: RootFacts): Promise<void> {
    this.#requireUsable()
    requireBlockId(root)
    await this.#deps.roots.keep(root, facts, () => { this.#requireUsable() })
    this.#requireUsable()
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#ended = true
    this.#deps.parts.endSession(this)
  }

  async #grew (sizeBytes: number): Promise<void> {
    try {
      await this.#deps.parts.grew(sizeBytes)
    } catch (e) {
      // The next commit fails with the same, and undoes what it must; without one it would go on being here without ever reaching the disk.
      await this.#deps.parts.commit()
      throw e
    }
    this.#requireUsable()
  }

  #requireUsable (): void {
    if (this.#ended) throw new Error('the session is over')
    if (this.#deps.parts.rollbacks !== this.#rollbacks) throw this.#deps.parts.rollbackCause
  }
}

/** @throws AppError CID_INVALID, BLOCK_TOO_LARGE, BLOCK_MISMATCH */
function requireBlock (cid: string, bytes: Uint8Array, checked: boolean): void {
  requireBlockId(cid)
  if (bytes.length > MAX_BLOCK_BYTES) throw new AppError('BLOCK_TOO_LARGE', `a block of ${bytes.length} bytes is over the limit of ${MAX_BLOCK_BYTES}`, { exit: 'refused' })
  if (!checked && !isBlock(cid, bytes)) throw new AppError('BLOCK_MISMATCH', `the bytes are not those of block ${cid}`, { exit: 'refused' })
}
