import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { loadChunker } from '../../src/adapters/load-chunker.ts'
import { CutChooser } from '../../src/domain/chunking/choose-cuts.ts'
import { fastcdcCutter } from '../../src/domain/chunking/fastcdc-cutter.ts'
import { MAX, MIN, WINDOW } from '../../src/domain/chunking/fastcdc-limits.ts'
import { type GearScanner } from '../../src/domain/chunking/gear-scanner.ts'
import { gearTable } from '../../src/domain/chunking/gear-table.ts'
import { jsGearScanner } from '../../src/domain/chunking/js-gear-scanner.ts'
import { splitStream } from '../../src/domain/chunking/split-stream.ts'
import { cutLengths, inPieces } from './cut-lengths.ts'
import { makeBytes, streamBytes, vectors, wasmFile } from './make-bytes.ts'

const hex = (table: BigUint64Array): string[] => [...table].map(n => n.toString(16).padStart(16, '0'))
const key = Uint8Array.from(Buffer.from(vectors.gear.key, 'hex'))
const wasm = loadChunker(wasmFile)
const scanners: ReadonlyArray<readonly [string, (table: BigUint64Array) => GearScanner]> = [['wasm', wasm], ['js', jsGearScanner]]

describe('the gear table', () => {
  test('is that of the spec', () => { expect(hex(gearTable())).toEqual(vectors.gear.public) })
  test('of a key is that of the spec', () => { expect(hex(gearTable(key))).toEqual(vectors.gear.keyed) })
  test('is refused a key of another length', () => { expect(() => gearTable(key.subarray(1))).toThrow('a key of 31 bytes, and not 32') })
})

describe.each(scanners)('cuts of %s', (_name, scannerOf) => {
  test.each(vectors.fastcdc)('$name', async ({ parts, forced, lengths, key }) => {
    const cutter = fastcdcCutter(scannerOf(gearTable(key === undefined ? undefined : Buffer.from(key, 'hex'))))
    expect(await cutLengths(cutter, inPieces(makeBytes(parts), [], forced))).toEqual(lengths)
  })

  test('give back the bytes, within the limits', async () => {
    const bytes = streamBytes('z', 3_000_000)
    const chunks: Uint8Array[] = []
    for await (const chunk of splitStream(inPieces(bytes), fastcdcCutter(scannerOf(gearTable())))) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
    expect(chunks.slice(0, -1).every(c => c.length >= MIN && c.length <= MAX)).toBe(true)
    const mean = bytes.length / chunks.length
    expect(mean).toBeGreaterThan(14_000)
    expect(mean).toBeLessThan(18_000)
  })
})

/** Random text, runs, repeats of a short text, and what is a candidate everywhere or nowhere. */
const piece = fc.oneof(
  fc.record({ seed: fc.string(), size: fc.integer({ min: 0, max: 150_000 }) }).map(({ seed, size }) => streamBytes(seed, size)),
  fc.record({ fill: fc.uint8Array({ minLength: 1, maxLength: 80 }), size: fc.integer({ min: 0, max: 150_000 }) }).map(({ fill, size }) => Uint8Array.from(Buffer.alloc(size, fill))),
  fc.uint8Array({ maxLength: 300 }),
)
const input = fc.record({
  bytes: fc.array(piece, { maxLength: 6 }).map(parts => Uint8Array.from(Buffer.concat(parts))),
  pieceEnds: fc.array(fc.nat(600_000), { maxLength: 12 }),
  forced: fc.array(fc.nat(600_000), { maxLength: 6 }),
  /** A table in which one byte has candidates everywhere in its runs: what a key can bring about. */
  dense: fc.option(fc.nat(255)),
})
const tableFor = (dense: number | null): BigUint64Array => {
  const table = gearTable()
  if (dense !== null) table[dense] = -1n & 0xffff_ffff_ffff_ffffn // its run sums to 1
  return table
}

test('neither the pieces in which the bytes come nor the scanner matter', async () => {
  const seen = { dense: 0, forced: 0 }
  await fc.assert(fc.asyncProperty(input, async ({ bytes, pieceEnds, forced, dense }) => {
    const table = tableFor(dense)
    const whole = await cutLengths(fastcdcCutter(jsGearScanner(table)), inPieces(bytes, [], forced))
    expect(await cutLengths(fastcdcCutter(wasm(table)), inPieces(bytes, [], forced))).toEqual(whole)
    expect(await cutLengths(fastcdcCutter(wasm(table)), inPieces(bytes, pieceEnds, forced))).toEqual(whole)
    expect(await cutLengths(fastcdcCutter(jsGearScanner(table)), inPieces(bytes, pieceEnds, forced))).toEqual(whole)
    if (dense !== null) seen.dense++
    if (forced.some(at => at < bytes.length)) seen.forced++
  }), { numRuns: 60 })
  expect(seen.dense).toBeGreaterThan(0)
  expect(seen.forced).toBeGreaterThan(0)
})

test('each segment is cut as if it stood alone', async () => {
  const bytes = streamBytes('segments', 300_000)
  const cutter = fastcdcCutter(wasm(gearTable()))
  const forced = [77, 100_000, 100_512, 250_000]
  const apart: number[] = []
  for (const [i, from] of [0, ...forced].entries()) apart.push(...await cutLengths(cutter, inPieces(bytes.slice(from, forced[i] ?? bytes.length))))
  expect(await cutLengths(cutter, inPieces(bytes, [], forced))).toEqual(apart)
})

/** As the threads do it: pieces are scanned apart, each with the 64 bytes before it, and then chosen from in order. */
function chosenLengths (scanner: GearScanner, bytes: Uint8Array, pieceEnds: readonly number[], forced: readonly number[]): number[] {
  const chooser = new CutChooser()
  const ends: number[] = []
  const marks = [...new Set([0, ...pieceEnds.filter(n => n < bytes.length), bytes.length])].sort((a, b) => a - b)
  for (let i = 1; i < marks.length; i++) {
    const start = marks[i - 1]!
    const end = marks[i]!
    const lead = Math.min(start, WINDOW)
    scanner.room.set(bytes.subarray(start - lead, end), WINDOW - lead)
    const candidates = scanner.findAll(WINDOW + 1, WINDOW + end - start).slice()
    const inside = forced.filter(f => f > start && f <= end).sort((a, b) => a - b)
    ends.push(...chooser.choose({ start, end, candidates, lead: WINDOW, forced: inside, last: end === bytes.length }))
  }
  return ends.map((end, i) => end - (ends[i - 1] ?? 0))
}

test.each(scanners)('choosing among what %s found in pieces apart gives the same cuts', async (_name, scannerOf) => {
  await fc.assert(fc.asyncProperty(input, async ({ bytes, pieceEnds, forced, dense }) => {
    const table = tableFor(dense)
    const expected = await cutLengths(fastcdcCutter(wasm(table)), inPieces(bytes, [], forced))
    expect(chosenLengths(scannerOf(table), bytes, pieceEnds, forced)).toEqual(expected)
  }), { numRuns: 40 })
})

test.each([-1, 0, 1])('choosing where pieces end %d bytes from each cut', async offset => {
  const bytes = Uint8Array.from(Buffer.concat([streamBytes('ends', 400_000), new Uint8Array(200_000)]))
  const expected = await cutLengths(fastcdcCutter(wasm(gearTable())), inPieces(bytes))
  let cut = 0
  const pieceEnds = expected.map(length => (cut += length) + offset)
  expect(chosenLengths(wasm(gearTable()), bytes, pieceEnds, [])).toEqual(expected)
  for (const { parts, forced, lengths } of vectors.fastcdc.filter(v => v.key === undefined)) {
    let end = 0
    expect(chosenLengths(wasm(gearTable()), makeBytes(parts), lengths.map(length => (end += length) + offset), forced)).toEqual(lengths)
  }
})

test('a byte at the front leaves all but the first chunks as they were', async () => {
  const bytes = streamBytes('edit', 1_000_000)
  const chunksOf = async (source: Uint8Array): Promise<string[]> => {
    const out: string[] = []
    for await (const chunk of splitStream(inPieces(source), fastcdcCutter(wasm(gearTable())))) out.push(Buffer.from(chunk).toString('base64'))
    return out
  }
  const before = new Set(await chunksOf(bytes))
  const after = await chunksOf(Uint8Array.from(Buffer.concat([Buffer.from([7]), bytes])))
  expect(after.filter(c => !before.has(c)).length).toBeLessThanOrEqual(3)
})
