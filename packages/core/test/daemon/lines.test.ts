import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readLines, splitFirstLine } from '@ipkit/core/daemon/lines'

async function * chunksOf (text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0, i = 0; at < bytes.length; i++) { const n = sizes[i % sizes.length]!; yield bytes.subarray(at, at + n); at += n }
}
async function collect<T> (source: AsyncIterable<T>): Promise<T[]> { const out: T[] = []; for await (const s of source) out.push(s); return out }
const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 9 })
const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '"', '{', '€'), maxLength: 9 }), { maxLength: 9 })

test('lines come out the same, however the bytes are cut', async () => {
  await fc.assert(fc.asyncProperty(words, sizes, async (lines, cut) => {
    expect(await collect(readLines(chunksOf(lines.map(l => `${l}\n`).join(''), cut), 100))).toEqual(lines)
  }))
})

test('the first line is split off and the rest is left byte for byte', async () => {
  await fc.assert(fc.asyncProperty(words, sizes, async (lines, cut) => {
    const [first = '', ...rest] = lines
    const split = await splitFirstLine(chunksOf(lines.join('\n'), cut), 100)
    expect(split.line).toBe(first)
    expect(Buffer.concat(await collect(split.rest)).toString()).toBe(rest.join('\n'))
  }))
})

test('a line over the limit is refused before it is held', async () => {
  let taken = 0
  async function * endless (): AsyncGenerator<Uint8Array> { for (;;) { taken++; yield new Uint8Array(10).fill(97) } }
  await expect(collect(readLines(endless(), 25))).rejects.toMatchObject({ code: 'LINE_TOO_LONG' })
  await expect(splitFirstLine(endless(), 25)).rejects.toMatchObject({ code: 'LINE_TOO_LONG' })
  expect(taken).toBe(6)
  expect(await collect(readLines(chunksOf('12345', [2]), 5))).toEqual(['12345'])
  await expect(collect(readLines(chunksOf('123456\n', [9]), 5))).rejects.toMatchObject({ code: 'LINE_TOO_LONG' })
})
