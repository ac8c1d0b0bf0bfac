/**
 * The CID that `ipfs add` gives a file, computed while its bytes pass. A CID depends on how the file was cut into blocks: the profiles are those of
 * IPIP-499 (`unixfs-v0-2015`, `unixfs-v1-2025`) and what Kubo did before it for `--cid-version=1`. Spec: specs.ipfs.tech/unixfs, "File"; balanced layout.
 */
import { createHash } from 'node:crypto'
import { encode, prepare } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

export interface CidProfile {
  readonly version: 0 | 1
  /** Leaves are the bytes themselves, instead of dag-pb nodes with the bytes inside. */
  readonly rawLeaves: boolean
  readonly chunkBytes: number
  /** Of one node. */
  readonly maxLinks: number
}

export const UNIXFS_V0_2015: CidProfile = { version: 0, rawLeaves: false, chunkBytes: 256 * 1024, maxLinks: 174 }
export const UNIXFS_V1_2025: CidProfile = { version: 1, rawLeaves: true, chunkBytes: 1024 * 1024, maxLinks: 1024 }
/** Kubo's `--cid-version=1` by itself. */
export const KUBO_V1: CidProfile = { version: 1, rawLeaves: true, chunkBytes: 256 * 1024, maxLinks: 174 }

export interface CidHashers {
  update(bytes: Uint8Array): void
  /** Ends it. @returns matches: whether the wanted CID is that of the bytes; undefined where none was wanted. cid: the wanted one if it matches, else by the first profile in question */
  digest(): { readonly matches: boolean | undefined, readonly cid: string }
}

/** @param wanted canonical; undefined: any is welcome, by `unixfs-v1-2025` */
export function cidHashers (wanted: string | undefined): CidHashers {
  const profiles = wanted === undefined ? [UNIXFS_V1_2025] : CID.parse(wanted).version === 0 ? [UNIXFS_V0_2015] : [UNIXFS_V1_2025, KUBO_V1]
  const hashers = profiles.map(profile => new CidHasher(profile))
  return {
    update (bytes) { for (const hasher of hashers) hasher.update(bytes) },
    digest () {
      const cids = hashers.map(hasher => hasher.digest())
      const matches = wanted === undefined ? undefined : cids.includes(wanted)
      return { matches, cid: matches === true ? wanted! : cids[0]! }
    },
  }
}

/** A block that some node links to. */
interface Child {
  readonly cid: CID
  /** Of the file. */
  readonly fileBytes: number
  /** Of the block and all below it. */
  readonly treeBytes: number
}

const RAW = 0x55
const DAG_PB = 0x70
const SHA2_256 = 0x12

/** One profile. What it holds is one chunk at most, and links: one node's for each level of the tree. */
export class CidHasher {
  readonly #profile: CidProfile
  /** Of leaves inside dag-pb, whose length stands in front of them. */
  readonly #chunk: Uint8Array
  #hash = createHash('sha256')
  #chunkBytes = 0
  /** Nodes that have no parent yet; leaves first. */
  readonly #levels: Child[][] = [[]]

  constructor (profile: CidProfile) {
    this.#profile = profile
    this.#chunk = new Uint8Array(profile.rawLeaves ? 0 : profile.chunkBytes)
  }

  update (bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#chunkBytes === this.#profile.chunkBytes) this.#endChunk() // not before there is more: the last chunk is ended by `digest`
      const part = bytes.subarray(at, at + this.#profile.chunkBytes - this.#chunkBytes)
      if (this.#profile.rawLeaves) this.#hash.update(part)
      else this.#chunk.set(part, this.#chunkBytes)
      this.#chunkBytes += part.length
      at += part.length
    }
  }

  /** Ends it. */
  digest (): string {
    this.#endChunk()
    for (let level = 0; ; level++) {
      const nodes = this.#levels[level]!
      if (level === this.#levels.length - 1 && nodes.length === 1) return nodes[0]!.cid.toString()
      this.#add(level + 1, this.#parentOf(nodes))
    }
  }

  #endChunk (): void {
    const fileBytes = this.#chunkBytes
    this.#chunkBytes = 0
    if (this.#profile.rawLeaves) {
      this.#add(0, { cid: cidOf(1, RAW, this.#hash.digest()), fileBytes, treeBytes: fileBytes })
      this.#hash = createHash('sha256')
      return
    }
    const content = fileBytes === 0 ? {} : { data: this.#chunk.subarray(0, fileBytes) }
    const block = encode(prepare({ Data: new UnixFS({ type: 'file', ...content }).marshal(), Links: [] }))
    this.#add(0, { cid: this.#cidOfNode(block), fileBytes, treeBytes: block.length })
  }

  /** A level is folded into a node only when one more comes: of what is left in the end the root is made. */
  #add (level: number, child: Child): void {
    const nodes = this.#levels[level] ??= []
    if (nodes.length === this.#profile.maxLinks) this.#add(level + 1, this.#parentOf(nodes.splice(0)))
    nodes.push(child)
  }

  #parentOf (children: readonly Child[]): Child {
    const file = new UnixFS({ type: 'file', blockSizes: children.map(({ fileBytes }) => BigInt(fileBytes)) })
    const block = encode(prepare({ Data: file.marshal(), Links: children.map(({ cid, treeBytes }) => ({ Name: '', Tsize: treeBytes, Hash: cid })) }))
    const sum = (of: (child: Child) => number): number => children.reduce((total, child) => total + of(child), 0)
    return { cid: this.#cidOfNode(block), fileBytes: sum(child => child.fileBytes), treeBytes: block.length + sum(child => child.treeBytes) }
  }

  #cidOfNode (block: Uint8Array): CID {
    return cidOf(this.#profile.version, DAG_PB, createHash('sha256').update(block).digest())
  }
}

const cidOf = (version: 0 | 1, codec: number, digest: Uint8Array): CID => CID.create(version, codec, createDigest(SHA2_256, digest))
