// How fast a stream is cut, and cut and hashed: FastCDC in WASM and in JS, Kubo's chunkers, rabin-wasm as js-ipfs uses it, and the pool of threads: pnpm bench chunking [rounds].
// The cases take turns. Each line has the megabytes for a second of processor time, which a busy machine disturbs less, and for a second; `ratio` is over rabin-wasm, or over
// one thread for what hashes too, the median of the rounds' own ratios (of processor time; of time for the pool).
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { create } from 'rabin-wasm'
import { ChunkPool } from '../src/adapters/chunk-pool.ts'
import { loadChunker } from '../src/adapters/load-chunker.ts'
import { createCutter } from '../src/domain/chunking/create-cutter.ts'
import { fastcdcCutter } from '../src/domain/chunking/fastcdc-cutter.ts'
import { gearTable } from '../src/domain/chunking/gear-table.ts'
import { hashStream } from '../src/domain/chunking/hash-stream.ts'
import { jsGearScanner } from '../src/domain/chunking/js-gear-scanner.ts'
import { parseChunker } from '../src/domain/chunking/parse-chunker.ts'
import { splitStream } from '../src/domain/chunking/split-stream.ts'

const TOTAL_BYTES = 128 * 1024 * 1024
const READ_BYTES = 256 * 1024
const rounds = Number(process.argv[2] ?? 7)
const dist = path.resolve(import.meta.dirname, '../dist')
const wasmFile = path.join(dist, 'chunker.wasm')
const table = gearTable()
const wasm = loadChunker(wasmFile)
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const text = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `  const value${i} = await read(${i * 7919 % 10_007}) // ${(i * 2654435761 % 2 ** 32).toString(36)}\n`).join(''))
const contents: Readonly<Record<string, Uint8Array>> = { random: randomBytes(16 * 1024 * 1024), text, zeros: new Uint8Array(READ_BYTES) }

interface Taken { readonly cpuS: number, readonly wallS: number }
interface Case { readonly name: string, readonly over: string, readonly by: keyof Taken, run(source: () => AsyncGenerator<Uint8Array>): Promise<number> }

const count = async (chunks: AsyncIterable<unknown>): Promise<number> => {
  let n = 0
  for await (const _ of chunks) n++
  return n
}
const kubo = (name: string): Case => ({ name, over: 'rabin-wasm', by: 'cpuS', run: async source => await count(splitStream(source(), createCutter(parseChunker(name), () => wasm(table)))) })
const pooled = (workers: number): Case => {
  const pool = new ChunkPool({ workers, workerFile: path.join(dist, 'chunk-worker.js'), wasmFile, table })
  pools.push(pool)
  return { name: `FastCDC and SHA-256, ${workers} threads`, over: 'FastCDC and SHA-256, here', by: 'wallS', run: async source => await count(pool.hash(source())) }
}
const pools: ChunkPool[] = []
const scanner = wasm(table)
const jsScanner = jsGearScanner(table)

const cases: readonly Case[] = [
  {
    name: 'rabin-wasm', over: 'rabin-wasm', by: 'cpuS',
    async run (source) {
      const rabin = await create(14, 4096, 65_536, 16)
      let chunks = 0
      for await (const part of source()) chunks += rabin.fingerprint(part).length
      return chunks
    },
  },
  { name: 'FastCDC in WASM', over: 'rabin-wasm', by: 'cpuS', run: async source => await count(splitStream(source(), fastcdcCutter(scanner))) },
  { name: 'FastCDC in JS', over: 'rabin-wasm', by: 'cpuS', run: async source => await count(splitStream(source(), fastcdcCutter(jsScanner))) },
  kubo('buzhash'), kubo('rabin'), kubo('rabin-4096-16384-65536'), kubo('size-262144'),
  { name: 'SHA-256 alone', over: 'FastCDC and SHA-256, here', by: 'cpuS', async run (source) { for await (const part of source()) for (let at = 0; at < part.length; at += 16_384) sha256(part.subarray(at, at + 16_384)); return 0 } },
  { name: 'FastCDC and SHA-256, here', over: 'FastCDC and SHA-256, here', by: 'cpuS', run: async source => await count(hashStream(source(), fastcdcCutter(scanner), sha256)) },
  pooled(1), pooled(2),
]

for (const [content, bytes] of Object.entries(contents)) {
  const source = async function * (): AsyncGenerator<Uint8Array> {
    for (let given = 0, at = 0; given < TOTAL_BYTES; given += READ_BYTES, at = at + READ_BYTES > bytes.length - READ_BYTES ? 0 : at + READ_BYTES) yield bytes.subarray(at, at + READ_BYTES)
  }
  const taken = new Map(cases.map(({ name }) => [name, [] as Taken[]]))
  const chunks = new Map<string, number>()
  for (let round = -1; round < rounds; round++) { // the first warms the machine code up
    for (const { name, run } of cases) {
      const before = process.cpuUsage()
      const started = process.hrtime.bigint()
      chunks.set(name, await run(source))
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) taken.get(name)!.push({ cpuS: (user + system) / 1e6, wallS: Number(process.hrtime.bigint() - started) / 1e9 })
    }
  }
  for (const { name, over, by } of cases) {
    const mine = taken.get(name)!
    const ratio = median(mine.map((t, i) => taken.get(over)![i]![by] / t[by]))
    const speed = (of: keyof Taken): number => Math.round(TOTAL_BYTES / 1e6 / median(mine.map(t => t[of])))
    process.stdout.write(`${JSON.stringify({ bench: 'chunking', content, case: name, chunks: chunks.get(name), megabytesPerCpuSecond: speed('cpuS'), megabytesPerSecond: speed('wallS'), ratio: Math.round(ratio * 100) / 100, over, rounds, node: process.version })}\n`)
  }
}
await Promise.all(pools.map(async pool => { await pool[Symbol.asyncDispose]() }))

function median (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
