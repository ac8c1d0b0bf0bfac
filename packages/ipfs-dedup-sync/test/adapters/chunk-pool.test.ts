import { createHash } from 'node:crypto'
import path from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ChunkPool } from '../../src/adapters/chunk-pool.ts'
import { loadChunker } from '../../src/adapters/load-chunker.ts'
import { fastcdcCutter } from '../../src/domain/chunking/fastcdc-cutter.ts'
import { gearTable } from '../../src/domain/chunking/gear-table.ts'
import { hashStream, type HashedChunk } from '../../src/domain/chunking/hash-stream.ts'
import type { CutStream } from '../../src/domain/chunking/split-stream.ts'
import { inPieces } from '../chunking/cut-lengths.ts'
import { makeBytes, streamBytes, vectors, wasmFile } from '../chunking/make-bytes.ts'
import { sha256 } from '../tree/plant-tree.ts'

const MIB = 1024 * 1024
const workerFile = path.join(path.dirname(wasmFile), 'chunk-worker.js')
const poolOf = (workers: number, table = gearTable()): ChunkPool => new ChunkPool({ workers, workerFile, wasmFile, table })
const pool = poolOf(2)
afterAll(async () => { await pool[Symbol.asyncDispose]() })

const hex = async (chunks: AsyncIterable<HashedChunk>): Promise<string[]> => {
  const out: string[] = []
  for await (const { bytes, digest } of chunks) {
    expect(Buffer.from(sha256(bytes)).equals(digest)).toBe(true)
    out.push(`${bytes.length} ${Buffer.from(digest).toString('hex')}`)
  }
  return out
}
const alone = async (source: CutStream, table = gearTable()): Promise<string[]> => await hex(hashStream(source, fastcdcCutter(loadChunker(wasmFile)(table)), sha256))

/** Around the borders of pieces. */
const SIZES = [0, 1, 63, 64, 65, 4096, 65_537, MIB - 1, MIB, MIB + 1, MIB + 64, 2 * MIB, 2 * MIB + 1, 3 * MIB + 70_000, 12 * MIB + 5]
const random = streamBytes('pool', SIZES.at(-1)!)
const zeros = new Uint8Array(SIZES.at(-1)!)

describe.each(SIZES)('%d bytes', size => {
  test.each([['random', random], ['zeros', zeros]])('of %s come out as in one thread', async (_name, all) => {
    const bytes = all.subarray(0, size)
    expect(await hex(pool.hash(inPieces(bytes, [1, 70_000, MIB, MIB + 3, 5 * MIB])))).toEqual(await alone(inPieces(bytes)))
  })
})

test('any stream comes out as in one thread, whatever the number of them', async () => {
  await using one = poolOf(1)
  await using three = poolOf(3)
  const segment = fc.record({ seed: fc.nat(100), size: fc.nat(2 * MIB), zero: fc.boolean() })
  await fc.assert(fc.asyncProperty(fc.array(segment, { maxLength: 3 }), fc.array(fc.nat(5 * MIB), { maxLength: 9 }), fc.array(fc.oneof(fc.nat(5 * MIB), fc.constantFrom(MIB, 2 * MIB, MIB - 1, MIB + 1)), { maxLength: 9 }), async (segments, pieceEnds, forced) => {
    const bytes = Uint8Array.from(Buffer.concat(segments.map(({ seed, size, zero }) => zero ? zeros.subarray(0, size) : random.subarray(seed * 1000, seed * 1000 + size))))
    const expected = await alone(inPieces(bytes, [], forced))
    for (const some of [pool, one, three]) expect(await hex(some.hash(inPieces(bytes, pieceEnds, forced)))).toEqual(expected)
  }), { numRuns: 15 })
})

test.each([1, 2, 30, 63, 64, 65])('a candidate %d bytes behind the border of two pieces is found: its hash is over both', async behind => {
  const window = vectors.fastcdc.find(v => v.name === 'strong candidate at min')!.parts[1]!
  const bytes = new Uint8Array(2 * MIB)
  bytes.set(makeBytes([window]), MIB + behind - 64)
  const found = await hex(pool.hash(inPieces(bytes, [], [MIB - 10_000])))
  expect(found.map(chunk => chunk.split(' ')[0])).toContain(String(10_000 + behind))
  expect(found).toEqual(await alone(inPieces(bytes, [], [MIB - 10_000])))
})

test('with a key', async () => {
  const table = gearTable(new Uint8Array(32).fill(7))
  await using keyed = poolOf(2, table)
  const bytes = random.subarray(0, 2_500_000)
  const lengths = await hex(keyed.hash(inPieces(bytes)))
  expect(lengths).toEqual(await alone(inPieces(bytes), table))
  expect(lengths).not.toEqual(await alone(inPieces(bytes)))
})

test('candidates everywhere, which a key can bring about, cost memory for one piece', async () => {
  const table = gearTable()
  table[0x61] = -1n & 0xffff_ffff_ffff_ffffn
  await using dense = poolOf(2, table)
  const bytes = new Uint8Array(5 * MIB).fill(0x61)
  expect(await hex(dense.hash(inPieces(bytes)))).toEqual(await alone(inPieces(bytes), table))
})

/** Counts what was taken from it. */
function endless () {
  const state = { given: 0, ended: false }
  const source = (async function * () {
    try {
      for (;;) {
        state.given += 256 * 1024
        yield random.subarray(0, 256 * 1024)
      }
    } finally { state.ended = true }
  })()
  return { state, source }
}

test('the source waits when nothing is taken: memory is that of the slots', async () => {
  const { state, source } = endless()
  const chunks = pool.hash(source)
  await chunks.next()
  const before = state.given
  expect(before).toBeLessThanOrEqual(7 * MIB)
  await new Promise(resolve => { setTimeout(resolve, 100) })
  expect(state.given).toBe(before)
  let taken = 0
  for await (const { bytes } of chunks) { taken += bytes.length; if (taken > 30 * MIB) break }
  expect(state.given - taken).toBeLessThanOrEqual(7 * MIB)
  expect(state.ended).toBe(true)
  expect(await hex(pool.hash(inPieces(random.subarray(0, 100_000))))).toEqual(await alone(inPieces(random.subarray(0, 100_000)))) // and is free again
})

test('an error of the source comes out, and the pool goes on', async () => {
  const failing = (async function * () { yield random.subarray(0, 3 * MIB); throw new Error('the disk is gone') })()
  await expect(hex(pool.hash(failing))).rejects.toThrow('the disk is gone')
  expect(await hex(pool.hash(inPieces(random)))).toEqual(await alone(inPieces(random)))
})

test('two streams at once are refused', async () => {
  const first = pool.hash(endless().source)
  await first.next()
  await expect(pool.hash(inPieces(random)).next()).rejects.toThrow('the pool works on another stream')
  await first.return(undefined)
})

test('a pool that was stopped in the middle says so', async () => {
  const stopped = poolOf(2)
  const chunks = stopped.hash(endless().source)
  await chunks.next()
  await stopped[Symbol.asyncDispose]()
  await expect((async () => { for await (const _ of chunks) continue })()).rejects.toThrow('the worker thread was stopped')
})

test('a thread that cannot start is an error, not silence', async () => {
  await using broken = new ChunkPool({ workers: 1, workerFile, wasmFile: '/nowhere/chunker.wasm', table: gearTable() })
  await expect(hex(broken.hash(inPieces(random)))).rejects.toThrow(/ENOENT/)
})

test('chunks are the reader’s to keep', async () => {
  const kept: Uint8Array[] = []
  for await (const { bytes } of pool.hash(inPieces(random))) kept.push(bytes)
  expect(createHash('sha256').update(Buffer.concat(kept)).digest('hex')).toBe(createHash('sha256').update(random).digest('hex'))
})
