import type { Shelf, ShelfSession } from '../keeping/shelf.ts'
import type { TreeName } from '../tree/root-directory.ts'
import { decodeNode, invalid, isLeaf, type TreeLink } from '../tree/tree-node.ts'
import type { ReadPlan, Replaced } from './read-plan.ts'

/** A node whose children are not all there yet. */
interface Open { readonly cid: string, readonly bytes: Uint8Array, pending: number, readonly waiters: Open[] }

/** A block that is to be fetched. */
export interface Wanted {
  readonly cid: string
  readonly link: TreeLink
  readonly path: TreeName
  readonly height: number
  readonly offset: number
  readonly replaced: Replaced | undefined
  /** Nodes that wait for it. */
  readonly waiters: Open[]
}

/** The leaf of no bytes: nobody is asked for it. */
const EMPTY_LEAF = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
/** From how many open blocks on nodes are taken one by one. */
const MANY_OPEN = 20_000
/** Nodes that are asked for together at most. */
const NODES_AT_ONCE = 256

/**
 * What is missing below a root, depth first: nodes are opened as leaves are used up, so that it holds a bounded number of blocks whatever the size. A node is put on the shelf when all below it is there,
 * and parked until then; what is on the shelf is not looked into. A block that occurs many times is wanted once.
 */
export class Frontier {
  readonly #shelf: Shelf
  readonly #session: ShelfSession
  readonly #root: string
  readonly #replaced: ReadonlyMap<string, Replaced>
  readonly #open = new Map<string, { readonly waiters: Open[] }>()
  /** The deepest and first ones last. */
  readonly #nodes: Wanted[] = []
  #leaves: Wanted[] = []
  #opening = 0
  /** Put since something is being opened: what was asked of the shelf before does not know them. */
  readonly #putSince = new Set<string>()
  #changed = Promise.withResolvers<void>()
  #doneBytes = 0
  readonly #onDone: (doneBytes: number) => void

  constructor (shelf: Shelf, session: ShelfSession, root: string, replaced: ReadonlyMap<string, Replaced>, onDone: (doneBytes: number) => void) {
    this.#shelf = shelf
    this.#session = session
    this.#root = root
    this.#replaced = replaced
    this.#onDone = onDone
  }

  /** All that is missing was put. */
  get done (): boolean { return this.#open.size === 0 }

  /** Resolves when there may be more to take, or nothing is missing any more. */
  get changed (): Promise<void> { return this.#changed.promise }

  async start (trees: ReadPlan['trees'], directory: Uint8Array | undefined): Promise<void> {
    if (trees.some(({ root }) => root.cid.toString() === EMPTY_LEAF)) await this.#session.put(EMPTY_LEAF, new Uint8Array(0))
    const here = await this.#shelf.has(trees.map(({ root }) => root.cid.toString()))
    const missing = new Map(trees.filter((_, i) => here[i] !== true).map(tree => [tree.root.cid.toString(), tree]))
    const above: Open | undefined = directory === undefined ? undefined : { cid: this.#root, bytes: directory, pending: missing.size, waiters: [] }
    if (above !== undefined) this.#open.set(this.#root, above)
    for (const { name, root, height } of [...missing.values()].toReversed()) this.#want(root, height, name, 0, above)
    if (above?.pending === 0) await this.#close(above)
  }

  /**
   * The next to ask one peer for: of one tree and height, in order. Leaves as long as there are any.
   * @returns undefined: nothing at the moment
   */
  async take (leafBytes: number): Promise<Wanted[] | undefined> {
    await this.#openAhead(leafBytes)
    while (this.#leaves.length === 0) {
      const node = this.#nodes.pop()
      if (node === undefined) return undefined
      if (await this.#openParked(node)) continue
      const batch = [node]
      while (batch.length < (this.#open.size > MANY_OPEN ? 1 : NODES_AT_ONCE)) {
        const next = this.#nodes.at(-1)
        if (next === undefined || next.path !== node.path || next.height !== node.height || next.offset < batch.at(-1)!.offset) break
        this.#nodes.pop()
        if (!await this.#openParked(next)) batch.push(next)
      }
      return batch
    }
    const { path, replaced: first } = this.#leaves[0]!
    let sizeBytes = 0
    let count = 0
    for (const { path: of, link, replaced, offset } of this.#leaves) {
      if (of !== path || replaced?.of !== first?.of || (count > 0 && (sizeBytes + link.sizeBytes > leafBytes || offset < this.#leaves[count - 1]!.offset))) break
      sizeBytes += link.sizeBytes
      count++
    }
    return this.#leaves.splice(0, count)
  }

  /** They were taken and did not come. */
  giveBack (wanted: readonly Wanted[]): void {
    for (const block of wanted.toReversed()) {
      if (!this.#open.has(block.cid)) continue
      if (block.height === 0) this.#leaves.unshift(block)
      else this.#nodes.push(block)
    }
    this.#wake()
  }

  /** @param bytes those of its CID: they were hashed @throws AppError TREE_INVALID: the root is no tree; what the shelf throws */
  async arrived (wanted: Wanted, bytes: Uint8Array): Promise<void> {
    if (wanted.height > 0) {
      await this.#session.park(wanted.cid, bytes)
      await this.#openNode(wanted, bytes)
      return
    }
    if (bytes.length !== wanted.link.sizeBytes) throw invalid(this.#root, `leaf ${wanted.cid} has ${bytes.length} bytes, and the node above says ${wanted.link.sizeBytes}`)
    await this.#session.put(wanted.cid, bytes, { checked: true })
    await this.#put(wanted.cid, wanted.waiters, bytes.length)
  }

  /** Opens parked nodes until there are leaves for a whole request: the few of each node would take one of their own. */
  async #openAhead (leafBytes: number): Promise<void> {
    while (this.#open.size <= MANY_OPEN && !this.#hasLeaves(leafBytes)) {
      const node = this.#nodes.pop()
      if (node === undefined) return
      if (await this.#openParked(node)) continue
      this.#nodes.push(node)
      this.#wake()
      return
    }
  }

  #hasLeaves (sizeBytes: number): boolean {
    let left = sizeBytes
    return this.#leaves.some(({ link }) => (left -= link.sizeBytes) <= 0)
  }

  async #openParked (node: Wanted): Promise<boolean> {
    const bytes = await this.#session.parked(node.cid)
    if (bytes !== undefined) await this.#openNode(node, bytes)
    return bytes !== undefined
  }

  async #openNode (node: Wanted, bytes: Uint8Array): Promise<void> {
    const { cid, link, height, path } = node
    const children = decodeNode(bytes, `node ${cid} of ${this.#root}`)
    const sum = (of: 'sizeBytes' | 'blockBytes'): number => children.reduce((total, child) => total + child[of], 0)
    if (sum('sizeBytes') !== link.sizeBytes || bytes.length + sum('blockBytes') !== link.blockBytes || children.some(child => isLeaf(child.cid) !== (height === 1))) throw invalid(this.#root, `node ${cid} is not what the node above says`)
    if (children.some(child => height === 1 && (child.sizeBytes === 0) !== (child.cid.toString() === EMPTY_LEAF))) throw invalid(this.#root, `node ${cid} has an empty leaf that is none`)
    if (children.some(child => child.sizeBytes === 0)) await this.#session.put(EMPTY_LEAF, new Uint8Array(0))
    const distinct = new Map(children.map(child => [child.cid.toString(), child]))
    this.#opening++
    const here = await this.#shelf.has([...distinct.keys()])
    const above: Open = { cid, bytes, pending: 0, waiters: node.waiters }
    this.#open.set(cid, above)
    const missing = new Set([...distinct.keys()].filter((child, i) => here[i] !== true && !this.#putSince.has(child)))
    above.pending = missing.size
    const wants: Array<[TreeLink, number]> = []
    let offset = node.offset
    for (const child of children) {
      if (missing.delete(child.cid.toString())) wants.push([child, offset])
      else this.#doneBytes += child.sizeBytes
      offset += child.sizeBytes
    }
    for (const [child, at] of height === 1 ? wants : wants.toReversed()) this.#want(child, height - 1, path, at, above)
    if (--this.#opening === 0) this.#putSince.clear()
    this.#wake()
    if (above.pending === 0) await this.#close(above)
  }

  #want (link: TreeLink, height: number, path: TreeName, offset: number, above: Open | undefined): void {
    const cid = link.cid.toString()
    const waiters = above === undefined ? [] : [above]
    const known = this.#open.get(cid)
    if (known !== undefined) { known.waiters.push(...waiters); return }
    const wanted: Wanted = { cid, link, path, height, offset, replaced: this.#replaced.get(cid), waiters }
    this.#open.set(cid, wanted)
    if (height === 0) this.#leaves.push(wanted)
    else this.#nodes.push(wanted)
  }

  async #close (node: Open): Promise<void> {
    await this.#session.put(node.cid, node.bytes)
    await this.#put(node.cid, node.waiters, 0)
  }

  async #put (cid: string, waiters: readonly Open[], sizeBytes: number): Promise<void> {
    this.#open.delete(cid)
    if (this.#opening > 0) this.#putSince.add(cid)
    this.#onDone(this.#doneBytes += sizeBytes)
    if (this.done) this.#wake()
    for (const above of waiters) if (--above.pending === 0) await this.#close(above)
    if (this.done) this.#wake()
  }

  #wake (): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
