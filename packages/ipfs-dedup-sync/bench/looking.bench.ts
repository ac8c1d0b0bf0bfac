// node tools/run-ts.mjs packages/ipfs-dedup-sync/bench/looking.bench.ts <file>: CPU seconds and the highest memory of putting a file on a shelf that forgets its leaves. One JSON line.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { ChunkPool } from '../src/adapters/chunk-pool.ts'
import { diskFileSource } from '../src/adapters/disk-file-source.ts'
import { nodeInflate } from '../src/adapters/node-inflate.ts'
import { gearTable } from '../src/domain/chunking/gear-table.ts'
import { MemoryShelf } from '../src/domain/keeping/memory-shelf.ts'
import type { ShelfSession } from '../src/domain/keeping/shelf.ts'
import { ingest } from '../src/domain/looking/ingest.ts'
import { slowEngine } from '../test/looking/slow-engine.ts'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const file = process.argv[2]!
const shelf = new MemoryShelf()
const nodes = new Map<string, Uint8Array>()
const session: ShelfSession = {
  ...await shelf.begin(),
  put: async (cid, bytes) => { if (!cid.startsWith('bafk')) nodes.set(cid, bytes); return true },
  get: async cid => nodes.get(cid) ?? new Uint8Array(0),
}
const chunks = new ChunkPool({ workers: 2, workerFile: `${dist}chunk-worker.js`, wasmFile: `${dist}chunker.wasm`, table: gearTable() })
const source = await diskFileSource(file)
let highest = 0
const watch = setInterval(() => { highest = Math.max(highest, process.memoryUsage.rss()) }, 100)
const before = process.cpuUsage()
const startMs = performance.now()
const { root, layers, notes, edit } = await ingest({
  engine: slowEngine(),
  shelf,
  session,
  signal: new AbortController().signal,
  inflate: nodeInflate,
  chunks: stream => chunks.hash(stream),
  newHash: () => { const hash = createHash('sha256'); return { update: bytes => { hash.update(bytes) }, digest: () => hash.digest() } },
  onProgress: () => {},
}, source, { chunker: { kind: 'fastcdc' }, look: true })
const { user, system } = process.cpuUsage(before)
clearInterval(watch)
await chunks[Symbol.asyncDispose]()
process.stdout.write(`${JSON.stringify({ file, sizeBytes: source.sizeBytes, cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - startMs) / 1000, highestMemoryMb: Math.round(highest / 1e6), root, layers, notes, edit })}\n`)
