import { AppError } from '@ipkit/core/errors/app-error'
import { sha256 } from '@noble/hashes/sha2.js'
import { childrenOf, digestOf, requireBlockId } from './block-id.ts'
import type { KeptRoot, PointedFile, RootFacts, Shelf, ShelfSession, ShelfStat, Verified } from './shelf.ts'

export { childrenOf } from './block-id.ts'

/** A range of a file, as it is now; undefined: there is none. */
export type ReadFile = (path: string, offset: number, sizeBytes: number) => Uint8Array | undefined

/** A shelf in memory, for tests of what stands above it. */
export class MemoryShelf implements Shelf {
  /** What is whole, and what is not: nodes that were parked, and those above blocks that were lost. */
  readonly blocks = new Map<string, Uint8Array>()
  readonly #parked = new Map<string, Uint8Array>()
  readonly #roots = new Map<string, KeptRoot>()
  readonly #files: PointedFile[] = []
  readonly #points = new Map<string, { readonly file: number, readonly offset: number, readonly sizeBytes: number }>()
  readonly #sessions = new Set<object>()
  /** What open sessions put or were told to be here. */
  readonly #relied = new Set<string>()
  readonly #nowMs: () => number
  readonly #readFile: ReadFile

  constructor (nowMs: () => number = () => 0, readFile: ReadFile = () => undefined) {
    this.#nowMs = nowMs
    this.#readFile = readFile
  }

  async get (cid: string): Promise<Uint8Array> {
    requireBlockId(cid)
    if (!this.#isHere(cid)) throw new AppError('BLOCK_NOT_FOUND', `block ${cid} is not here`, { exit: 'notFound' })
    const bytes = this.#bytesOf(cid)
    if (bytes !== undefined) return bytes
    this.#lose(cid)
    throw new AppError('BLOCK_DAMAGED', `block ${cid} is not what it was when it was stored`)
  }

  async has (cids: readonly string[]): Promise<boolean[]> {
    cids.forEach(requireBlockId)
    return cids.map(cid => this.#isHere(cid))
  }

  #isHere (cid: string): boolean {
    const isHere = this.blocks.has(cid) || this.#points.has(cid)
    if (isHere && this.#sessions.size > 0) this.#relied.add(cid)
    return isHere
  }

  #bytesOf (cid: string): Uint8Array | undefined {
    const point = this.#points.get(cid)
    const bytes = point === undefined ? this.blocks.get(cid) : this.#readFile(this.#files[point.file - 1]!.path, point.offset, point.sizeBytes)
    return bytes !== undefined && isBlock(cid, bytes) ? bytes : undefined
  }

  /** And all above it are not whole; where it stood in a file, so is all else of that file that changed. */
  #lose (cid: string): void {
    const file = this.#points.get(cid)?.file
    const lost = new Set([cid])
    for (const [other, point] of this.#points) if (point.file === file && this.#bytesOf(other) === undefined) lost.add(other)
    for (const other of lost) {
      this.blocks.delete(other)
      this.#points.delete(other)
    }
    for (let grew = true; grew;) {
      grew = false
      for (const [node, bytes] of this.blocks) {
        if (!isBlock(node, bytes) || childrenOf(node, bytes).every(child => !lost.has(child))) continue
        lost.add(node)
        this.blocks.delete(node)
        this.#parked.set(node, bytes)
        grew = true
      }
    }
  }

  async begin (): Promise<ShelfSession> {
    const session = new MemorySession({
      get: async cid => await this.get(cid),
      add: (cid, children, store) => {
        if (this.#isHere(cid)) return false
        const missing = children.find(child => !this.#isHere(child))
        if (missing !== undefined) throw childMissing(missing)
        store()
        this.#parked.delete(cid)
        this.#isHere(cid)
        return true
      },
      blocks: this.blocks, points: this.#points, parked: this.#parked, files: this.#files,
      keep: (root, facts) => {
        if (!this.#isHere(root)) throw childMissing(root)
        this.#roots.set(root, { ...facts, root, atMs: this.#nowMs() })
      },
      rely: cid => { this.#relied.add(cid) },
      end: () => {
        this.#sessions.delete(session)
        if (this.#sessions.size === 0) this.#relied.clear()
      },
    })
    this.#sessions.add(session)
    return session
  }

  async * roots (): AsyncGenerator<KeptRoot> { yield * [...this.#roots.keys()].sort().map(root => this.#roots.get(root)!) }
  async root (root: string): Promise<KeptRoot | undefined> { return this.#roots.get(root) }

  async note (root: string, change: (facts: RootFacts) => RootFacts): Promise<void> {
    const kept = this.#roots.get(root)
    if (kept === undefined) throw new AppError('ROOT_UNKNOWN', `${root} is not kept here`, { exit: 'notFound' })
    const { root: _root, atMs, ...facts } = kept
    this.#roots.set(root, { ...change(facts), root, atMs })
  }

  async drop (root: string): Promise<boolean> { return this.#roots.delete(root) }

  async gc ({ signal }: { readonly signal: AbortSignal }): Promise<{ freedBytes: number, freedBlocks: number }> {
    signal.throwIfAborted()
    const living = new Set<string>()
    const visit = (cid: string): void => {
      if (living.has(cid)) return
      living.add(cid)
      const bytes = this.blocks.get(cid) ?? this.#parked.get(cid)
      if (bytes !== undefined) childrenOf(cid, bytes).forEach(visit)
    }
    for (const cid of [...this.#roots.keys(), ...this.#relied]) visit(cid)
    let freedBytes = 0
    let freedBlocks = 0
    for (const map of [this.blocks, this.#parked, this.#points]) {
      for (const [cid, value] of map) {
        if (living.has(cid)) continue
        map.delete(cid)
        freedBytes += value instanceof Uint8Array ? value.length : 0
        freedBlocks++
      }
    }
    return { freedBytes, freedBlocks }
  }

  async stat (): Promise<ShelfStat> {
    const sum = (map: ReadonlyMap<string, Uint8Array>): number => [...map.values()].reduce((total, bytes) => total + bytes.length, 0)
    const diskBytes = sum(this.blocks) + sum(this.#parked)
    const blockBytes = diskBytes + [...this.#points.values()].reduce((total, { sizeBytes }) => total + sizeBytes, 0)
    return { roots: this.#roots.size, blocks: this.blocks.size + this.#parked.size + this.#points.size, blockBytes, diskBytes, looseBytes: 0 }
  }

  async verify (root: string | undefined, { repair = false }: { readonly repair?: boolean }): Promise<Verified> {
    const all = [...this.blocks.keys(), ...this.#points.keys(), ...this.#parked.keys()]
    if (root !== undefined && !all.includes(root)) throw new AppError('BLOCK_NOT_FOUND', `block ${root} is not here`, { exit: 'notFound' })
    const open = root === undefined ? all : [root]
    const seen = new Set(open)
    const damaged: string[] = []
    let checkedBytes = 0
    for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
      const bytes = this.#bytesOf(cid) ?? this.#parked.get(cid)
      if (bytes === undefined) damaged.push(cid)
      checkedBytes += bytes?.length ?? 0
      for (const child of root === undefined || bytes === undefined ? [] : childrenOf(cid, bytes)) if (!seen.has(child)) open.push(child)
      open.forEach(other => seen.add(other))
    }
    if (repair) damaged.forEach(cid => { this.#lose(cid) })
    return { checkedBlocks: seen.size, checkedBytes, damagedBlocks: damaged.length, damaged }
  }
}

interface MemorySessionDeps {
  get(cid: string): Promise<Uint8Array>
  /** @returns whether it was new */
  add(cid: string, children: readonly string[], store: () => void): boolean
  readonly blocks: Map<string, Uint8Array>
  readonly points: Map<string, { readonly file: number, readonly offset: number, readonly sizeBytes: number }>
  readonly parked: Map<string, Uint8Array>
  readonly files: PointedFile[]
  keep(root: string, facts: RootFacts): void
  rely(cid: string): void
  end(): void
}

class MemorySession implements ShelfSession {
  readonly #deps: MemorySessionDeps
  newBytes = 0
  newBlocks = 0

  constructor (deps: MemorySessionDeps) { this.#deps = deps }

  async get (cid: string): Promise<Uint8Array> { return await this.#deps.get(cid) }

  async put (cid: string, bytes: Uint8Array, { checked = false }: { readonly checked?: boolean } = {}): Promise<boolean> {
    requireBlock(cid, bytes, checked)
    return this.#count(bytes.length, this.#deps.add(cid, childrenOf(cid, bytes), () => { this.#deps.blocks.set(cid, bytes.slice()) }))
  }

  async openFile (file: PointedFile): Promise<number> { return this.#deps.files.push(file) }

  async point (cid: string, at: { readonly file: number, readonly offset: number, readonly sizeBytes: number }): Promise<boolean> {
    requireBlockId(cid)
    return this.#count(at.sizeBytes, this.#deps.add(cid, [], () => { this.#deps.points.set(cid, at) }))
  }

  #count (sizeBytes: number, isNew: boolean): boolean {
    if (isNew) {
      this.newBytes += sizeBytes
      this.newBlocks++
    }
    return isNew
  }

  async park (cid: string, bytes: Uint8Array): Promise<void> {
    requireBlock(cid, bytes, false)
    childrenOf(cid, bytes)
    if (this.#deps.blocks.has(cid)) return
    this.#deps.parked.set(cid, bytes.slice())
    this.#deps.rely(cid)
  }

  async parked (cid: string): Promise<Uint8Array | undefined> {
    const bytes = this.#deps.parked.get(cid)
    if (bytes !== undefined) this.#deps.rely(cid)
    return bytes
  }

  async flush (): Promise<void> {}
  async keep (root: string, facts: RootFacts): Promise<void> { this.#deps.keep(root, facts) }
  async [Symbol.asyncDispose] (): Promise<void> { this.#deps.end() }
}

const childMissing = (cid: string): AppError => new AppError('CHILD_MISSING', `block ${cid} is not here`)

function isBlock (cid: string, bytes: Uint8Array): boolean {
  const digest = digestOf(cid)
  return sha256(bytes).every((byte, i) => byte === digest[i])
}

function requireBlock (cid: string, bytes: Uint8Array, checked: boolean): void {
  requireBlockId(cid)
  if (!checked && !isBlock(cid, bytes)) throw new AppError('BLOCK_MISMATCH', `the bytes are not those of block ${cid}`, { exit: 'refused' })
}
