import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { createNode, encode, type PBLink } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { DAG_PB_CODEC, payloadCid, RAW_CODEC } from '../../src/domain/payload-layout.ts'
import { plainTree } from '../../src/domain/plain-layout.ts'
import { openPlain } from '../../src/domain/plain-reading.ts'
import { MAX_PLAIN_BYTES, RANDOM_NAME } from '../../src/domain/plain-limits.ts'

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const MIB = 1024 * 1024

/** Blocks that somebody serves, each under its true CID. */
class Blocks {
  readonly #blocks = new Map<string, Uint8Array>()
  readonly asked: string[] = []
  raw (bytes: Uint8Array): CID { return this.#put(payloadCid(RAW_CODEC, sha256(bytes)), bytes) }
  node (data: Uint8Array | undefined, links: PBLink[]): CID { return this.bytes(encode(createNode(data ?? new Uint8Array(0), links))) }
  bytes (bytes: Uint8Array): CID { return this.#put(payloadCid(DAG_PB_CODEC, sha256(bytes)), bytes) }
  file (children: Array<[CID, number]>, total?: number): CID {
    const file = new UnixFS({ type: 'file', blockSizes: children.map(([, size]) => BigInt(size)) })
    const data = total === undefined ? file.marshal() : Uint8Array.from([8, 2, 0x18, ...varint(total), ...children.flatMap(([, size]) => [0x20, ...varint(size)])])
    return this.node(data, children.map(([Hash, Tsize]) => ({ Hash, Name: '', Tsize })))
  }

  folder (links: Array<[string, CID]>, data = new UnixFS({ type: 'directory' }).marshal()): CID {
    return this.node(data, links.map(([Name, Hash]) => ({ Name, Hash, Tsize: 1 })))
  }

  get = async (cid: CID): Promise<Uint8Array> => {
    this.asked.push(cid.toString())
    const bytes = this.#blocks.get(cid.toString())
    if (bytes === undefined) throw new Error('no such block')
    return bytes
  }

  #put (cid: CID, bytes: Uint8Array): CID { this.#blocks.set(cid.toString(), bytes); return cid }
}
function varint (n: number): number[] {
  const out: number[] = []
  for (; n >= 128; n = Math.floor(n / 128)) out.push(n % 128 + 128)
  return [...out, n]
}

async function readAll (blocks: Blocks, root: CID): Promise<{ name: string, sizeBytes: number, content: Buffer }> {
  const { name, sizeBytes, content } = await openPlain(blocks.get, root)
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return { name, sizeBytes, content: Buffer.concat(chunks) }
}

test.each([1, MIB, MIB + 1, 1025 * MIB])('what the sender lays out for %d bytes is read back', async size => {
  const blocks = new Blocks()
  const leaf = new Uint8Array(MIB)
  const last = new Uint8Array(size % MIB === 0 ? MIB : size % MIB)
  const count = Math.ceil(size / MIB)
  const [leafHash, lastHash] = [sha256(leaf), sha256(last)]
  const hashes = Buffer.concat(Array.from({ length: count }, (_, i) => i === count - 1 ? lastHash : leafHash))
  const random = randomBytes(32)
  const tree = plainTree(nodeBulkCrypto.sha256, { name: 'a', random, sizeBytes: size, hashes })
  const get = async (cid: CID): Promise<Uint8Array> => {
    const block = tree.find(cid.toString())
    if (block === undefined) return await blocks.get(cid)
    return 'bytes' in block ? block.bytes : leaf.subarray(0, block.sizeBytes)
  }
  const opened = await openPlain(get, tree.root)
  let sizeBytes = 0
  for await (const chunk of opened.content) sizeBytes += chunk.length
  expect([opened.name, opened.sizeBytes, sizeBytes]).toEqual(['a', size, size])
})

test('a CID of version 0 finds the root', () => {
  const tree = plainTree(nodeBulkCrypto.sha256, { name: 'a', random: randomBytes(32), sizeBytes: 1, hashes: sha256(Uint8Array.of(0)) })
  expect(tree.find(CID.createV0(tree.root.multihash as never).toString())?.index).toBe(0)
})

describe('refused', () => {
  const good = (blocks: Blocks): CID => blocks.raw(Buffer.from('hello'))
  const random = (blocks: Blocks): CID => blocks.raw(new Uint8Array(32).fill(7))
  const cases: Array<[string, (blocks: Blocks) => CID]> = [
    ['a root that is no node', b => b.bytes(randomBytes(100))],
    ['a root that is a file', b => b.file([[good(b), 5]])],
    ['a folder with one entry', b => b.folder([['a', good(b)]])],
    ['a folder with three', b => b.folder([['a', good(b)], ['b', good(b)], [RANDOM_NAME, random(b)]])],
    ['a folder without the random bytes', b => b.folder([['a', good(b)], ['b', good(b)]])],
    ['two entries of random bytes', b => b.folder([[RANDOM_NAME, good(b)], [RANDOM_NAME, random(b)]])],
    ['random bytes that are not 32', b => b.folder([['a', good(b)], [RANDOM_NAME, good(b)]])],
    ['random bytes that are a node', b => b.folder([['a', good(b)], [RANDOM_NAME, b.file([[random(b), 32]])]])],
    ['a folder in shards', b => b.folder([['a', good(b)], [RANDOM_NAME, random(b)]], new UnixFS({ type: 'hamt-sharded-directory', data: new Uint8Array(1), hashType: 0x22n, fanout: 256n }).marshal())],
    ['a path for a name', b => b.folder([['../a', good(b)], [RANDOM_NAME, random(b)]])],
    ['a name with a control character', b => b.folder([['a\u001b[2J', good(b)], [RANDOM_NAME, random(b)]])],
    ['an empty leaf', b => b.folder([['a', b.raw(new Uint8Array(0))], [RANDOM_NAME, random(b)]])],
    ['a leaf of over 1 MiB', b => b.folder([['a', b.raw(new Uint8Array(MIB + 1))], [RANDOM_NAME, random(b)]])],
    ['a leaf that is longer than its parent says', b => b.folder([['a', b.file([[good(b), 4], [good(b), 5]])], [RANDOM_NAME, random(b)]])],
    ['a folder in the folder', b => b.folder([['a', b.folder([['x', good(b)]])], [RANDOM_NAME, random(b)]])],
    ['a link to the folder, as a file', b => b.folder([['a', b.node(new UnixFS({ type: 'symlink', data: Buffer.from('/etc/passwd') }).marshal(), [])], [RANDOM_NAME, random(b)]])],
    ['a file with bytes in its node', b => b.folder([['a', b.node(new UnixFS({ type: 'file', data: Buffer.from('hi') }).marshal(), [])], [RANDOM_NAME, random(b)]])],
    ['a node without links', b => b.folder([['a', b.file([])], [RANDOM_NAME, random(b)]])],
    ['sizes that do not add up', b => b.folder([['a', b.file([[good(b), 5]], 6)], [RANDOM_NAME, random(b)]])],
    ['a file over the limit', b => b.folder([['a', b.file([[good(b), MAX_PLAIN_BYTES + 1]], MAX_PLAIN_BYTES + 1)], [RANDOM_NAME, random(b)]])],
    ['more links than sizes', b => b.folder([['a', b.node(new UnixFS({ type: 'file', blockSizes: [5n] }).marshal(), [{ Hash: good(b), Name: '', Tsize: 5 }, { Hash: good(b), Name: '', Tsize: 5 }])], [RANDOM_NAME, random(b)]])],
    ['1025 links', b => b.folder([['a', b.file(Array.from({ length: 1025 }, () => [good(b), 5]))], [RANDOM_NAME, random(b)]])],
    ['a tree that is too deep', b => b.folder([['a', b.file([[b.file([[b.file([[good(b), 5]]), 5]]), 5]])], [RANDOM_NAME, random(b)]])],
    ['a child of another size', b => b.folder([['a', b.file([[b.file([[good(b), 5]]), 4]])], [RANDOM_NAME, random(b)]])],
    ['another hash function', b => b.folder([['a', CID.createV1(RAW_CODEC, createDigest(0x1b, new Uint8Array(32)))], [RANDOM_NAME, random(b)]])],
  ]
  test.each(cases)('%s', async (_name, make) => {
    const blocks = new Blocks()
    let root: CID
    try { root = make(blocks) } catch (e) { throw new Error('the case cannot be made', { cause: e }) }
    await expect(readAll(blocks, root)).rejects.toMatchObject({ code: 'CONTENT_ALTERED', exit: 'refused' })
  })

  test('a tree of a million billion bytes made of one leaf ends at the first node that says so', async () => {
    const blocks = new Blocks()
    let child: [CID, number] = [blocks.raw(new Uint8Array(MIB)), MIB]
    for (let level = 0; level < 3; level++) child = [blocks.file(Array.from({ length: 1024 }, () => child)), child[1] * 1024]
    await expect(readAll(blocks, blocks.folder([['a', child[0]], [RANDOM_NAME, blocks.raw(randomBytes(32))]]))).rejects.toMatchObject({ code: 'CONTENT_ALTERED' })
    expect(blocks.asked.length).toBe(3)
  })
})
