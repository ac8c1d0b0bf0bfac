import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { GROUP_END_BELOW, MAX_CHILDREN, MIN_CHILDREN } from './tree-limits.ts'
import { encodeNode, leafLink, nodeLink, type Sha256, type TreeLink } from './tree-node.ts'

export interface TreeBuilderDeps {
  readonly blocks: Pick<BlockStore, 'put'>
  readonly sha256: Sha256
  /** Where groups end: by what the children are, or by their number as Kubo has it. */
  readonly groups: 'by-content' | 'by-number'
}

export interface BuiltTree {
  readonly root: TreeLink
  /** Nodes on each level above the leaves, lowest first. The last is 1, or there is none. */
  readonly levels: readonly number[]
  /** Of all nodes, without the leaves. */
  readonly nodeBytes: number
}

interface Level { group: TreeLink[], groups: number }

/**
 * Makes the nodes over leaves that come in order: docs/formats/chunking.md, "Nodes". Holds one group of each level. Nodes are stored before those above them; leaves are the
 * caller's to store, but for the one of an empty file.
 */
export class TreeBuilder {
  readonly #deps: TreeBuilderDeps
  readonly #levels: Level[] = []
  #nodeBytes = 0
  #done = false

  constructor (deps: TreeBuilderDeps) { this.#deps = deps }

  /** One at a time: wait for it before the next. */
  async add (leaf: TreeLink): Promise<void> {
    if (this.#done) throw new Error('the tree is finished')
    await this.#add(leaf, 0)
  }

  /** Once. */
  async finish (): Promise<BuiltTree> {
    if (this.#done) throw new Error('the tree is finished')
    this.#done = true
    if (this.#levels.length === 0) return await this.#empty()
    for (let i = 0; ; i++) {
      const level = this.#levels[i]!
      const [only] = level.group
      if (level.groups === 0 && level.group.length === 1 && only !== undefined) {
        return { root: only, levels: this.#levels.slice(0, i).map(l => l.groups), nodeBytes: this.#nodeBytes }
      }
      if (level.group.length > 0) await this.#endGroup(level, i)
    }
  }

  /** Another one that stands where this one does: for who may have to come back to here. */
  fork (): TreeBuilder {
    const other = new TreeBuilder(this.#deps)
    for (const { group, groups } of this.#levels) other.#levels.push({ group: [...group], groups })
    other.#nodeBytes = this.#nodeBytes
    return other
  }

  async #add (child: TreeLink, index: number): Promise<void> {
    const level = this.#levels[index] ??= { group: [], groups: 0 }
    level.group.push(child)
    if (level.group.length === MAX_CHILDREN || (this.#deps.groups === 'by-content' && level.group.length >= MIN_CHILDREN && endsGroup(child))) await this.#endGroup(level, index)
  }

  async #endGroup (level: Level, index: number): Promise<void> {
    const children = level.group
    level.group = []
    level.groups++
    const block = encodeNode(children)
    const node = nodeLink(block, children, this.#deps.sha256)
    this.#nodeBytes += block.length
    await this.#deps.blocks.put(node.cid.toString(), block)
    await this.#add(node, index + 1)
  }

  async #empty (): Promise<BuiltTree> {
    const block = new Uint8Array(0)
    const root = leafLink(this.#deps.sha256(block), 0)
    await this.#deps.blocks.put(root.cid.toString(), block)
    return { root, levels: [], nodeBytes: 0 }
  }
}

function endsGroup ({ cid: { bytes } }: TreeLink): boolean {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0) < GROUP_END_BELOW
}
