// How fast the shelf takes and gives blocks of 16 KiB, and what it needs in memory: pnpm bench dedup-store [entries] [folder].
// `put`: new blocks under nodes of 24, one session, kept at the end; `put again`: the same blocks, all there; `get`: down the tree, one after the other; `has`: 200 at once, in no order.
// CPU and wall microseconds a block, megabytes a second of either. `entries` (default 0) then puts so many blocks of 64 bytes into the index, and prints the memory of the
// process with it: 1300000 are 20 GB of file. The content of a leaf is its number and noise, hashed beforehand.
import { createHash, randomBytes } from 'node:crypto'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { levelKeyValueStore } from '@ipkit/core/daemon/level-key-value-store'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { ClassicLevel } from 'classic-level'
import { openPackShelf } from '../src/adapters/open-pack-shelf.ts'
import type { PackShelf } from '../src/adapters/pack-shelf.ts'
import { childrenOf } from '../src/domain/keeping/block-id.ts'
import { encodeNode, leafLink, nodeLink, type TreeLink } from '../src/domain/tree/tree-node.ts'

const BLOCK_BYTES = 16 * 1024
const BLOCKS = 16_384
const FAN_OUT = 24
const entries = Number(process.argv[2] ?? 0)
const dir = await fs.mkdtemp(path.join(process.argv[3] ?? os.tmpdir(), 'shelf-bench-'))
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const noise = randomBytes(BLOCK_BYTES)

/** Leaves one after the other, each in the same memory, as a chunker gives them; then the nodes above, level by level. */
async function putTree (shelf: PackShelf, count: number, sizeBytes: number, digests: readonly Uint8Array[]): Promise<TreeLink> {
  await using session = await shelf.begin()
  const bytes = noise.subarray(0, sizeBytes)
  const open: TreeLink[][] = [[]]
  const add = async (level: number, link: TreeLink): Promise<void> => {
    (open[level] ??= []).push(link)
    if (open[level].length === FAN_OUT) await close(level)
  }
  const close = async (level: number): Promise<void> => {
    const children = open[level]!
    const block = encodeNode(children)
    const link = nodeLink(block, children, sha256)
    open[level] = []
    await session.put(link.cid.toString(), block, { checked: true })
    await add(level + 1, link)
  }
  for (let i = 0; i < count; i++) {
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, i)
    const link = leafLink(digests[i] ?? sha256(bytes), sizeBytes)
    await session.put(link.cid.toString(), bytes, { checked: true })
    await add(0, link)
  }
  for (let level = 0; level < open.length - 1 || open[level]!.length > 1; level++) if (open[level]!.length > 0) await close(level)
  const root = open.at(-1)![0]!
  await session.keep(root.cid.toString(), { sizeBytes: count * sizeBytes, served: false })
  return root
}

async function measure (name: string, blocks: number, run: () => Promise<unknown>): Promise<void> {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await run()
  const wallUs = (performance.now() - start) * 1000
  const { user, system } = process.cpuUsage(cpu)
  const megabytes = blocks * BLOCK_BYTES / 1e6
  process.stdout.write(`${JSON.stringify({
    bench: 'dedup-store', case: name, cpuUsABlock: Math.round((user + system) / blocks * 10) / 10, wallUsABlock: Math.round(wallUs / blocks * 10) / 10,
    mbACpuSecond: Math.round(megabytes / (user + system) * 1e6), mbASecond: Math.round(megabytes / wallUs * 1e6), rssMb: Math.round(process.memoryUsage().rss / 1e6),
  })}\n`)
}

const database = new ClassicLevel<string, Uint8Array>(path.join(dir, 'index'), { keyEncoding: 'utf8', valueEncoding: 'view' })
try {
  await database.open()
  const open = async (): Promise<PackShelf> => await openPackShelf({ folder: dir, index: levelKeyValueStore(database, 'service/dedup-sync/'), fs: diskFs, nowMs: () => Date.now() })
  let shelf = await open()
  const digests = Array.from({ length: BLOCKS }, (_, i) => {
    new DataView(noise.buffer, noise.byteOffset).setUint32(0, i)
    return sha256(noise)
  })
  const cids = digests.map(digest => leafLink(digest, BLOCK_BYTES).cid.toString())
  await measure('nothing: hash alone', BLOCKS, async () => { for (let i = 0; i < BLOCKS; i++) sha256(noise) })
  await measure('put', BLOCKS, async () => { await putTree(shelf, BLOCKS, BLOCK_BYTES, digests) })
  await measure('put again', BLOCKS, async () => { await putTree(shelf, BLOCKS, BLOCK_BYTES, digests) })
  const read = async (cid: string): Promise<void> => { for (const child of childrenOf(cid, await shelf.get(cid))) await read(child) }
  await measure('get', BLOCKS, async () => { for await (const { root } of shelf.roots()) await read(root) })
  await measure('get, 16 at once', BLOCKS, async () => { for (let i = 0; i < BLOCKS; i += 16) await Promise.all(cids.slice(i, i + 16).map(async cid => await shelf.get(cid))) })
  await measure('has, 200 at once', BLOCKS, async () => { for (let i = 0; i < BLOCKS; i += 200) await shelf.has(Array.from({ length: 200 }, (_, k) => cids[(i + k) * 7919 % BLOCKS]!)) })
  const options = { signal: new AbortController().signal }
  for await (const { root } of shelf.roots()) await shelf.drop(root)
  await measure('drop and gc', BLOCKS, async () => await shelf.gc(options))
  if (entries > 0) {
    await measure(`put ${entries} of 64 bytes`, entries, async () => { await putTree(shelf, entries, 64, []) })
    await shelf[Symbol.asyncDispose]()
    shelf = await open()
    await measure('open again, begin', 1, async () => { await using _ = await shelf.begin(); await new Promise(resolve => { setTimeout(resolve, 100) }) })
    process.stdout.write(`${JSON.stringify({ bench: 'dedup-store', case: 'memory', entries, rssMb: Math.round(process.memoryUsage().rss / 1e6), peakRssMb: Math.round(process.resourceUsage().maxRSS / 1000) })}\n`)
  }
  await shelf[Symbol.asyncDispose]()
} finally {
  await database.close()
  await fs.rm(dir, { recursive: true })
}
