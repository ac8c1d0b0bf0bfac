import zlib from 'node:zlib'
import { expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { sourceText } from '../domain/deflate/texts.ts'
import { memoryBlockStore } from '@ipkit/core/blocks/memory-block-store'
import { sizeCutter } from '../../src/domain/chunking/size-cutter.ts'
import { addBytes } from '../tree/plant-tree.ts'
import { Bench } from './bench-of-files.ts'
import { run } from './make-archives.ts'

const SMALL = sourceText(100_000, 3)
const LONG = sourceText(1_300_000, 4)

test.each([
  ['a short text', SMALL],
  ['a long text', LONG],
  ['no text', Buffer.alloc(0)],
])('node\'s gzip of %s', async (_, text) => {
  const bench = new Bench()
  const added = await bench.thereAndBack(zlib.gzipSync(text))
  expect(added).toMatchObject({ layers: [{ format: 'gzip', exact: true }], notes: [] })
  if (text === LONG) expect(added.layers[0]).toEqual({ format: 'gzip', encoder: 'chromium', level: 6, exact: true })
})

testWithProgram('gzip')('gzip -1 to -9, of long texts', async () => {
  for (const level of [1, 6, 9]) {
    const added = await new Bench().thereAndBack(run('gzip', [`-${level}c`], LONG))
    expect(added.layers).toEqual([{ format: 'gzip', encoder: 'gnu-gzip', level, exact: true }])
  }
})

testWithProgram('pigz')('pigz', async () => {
  expect((await new Bench().thereAndBack(run('pigz', ['-p', '2', '-c'], LONG))).layers).toEqual([{ format: 'gzip', encoder: 'pigz', level: 6, exact: true }])
})

test('several members, zeros and garbage behind them', async () => {
  const members = Buffer.concat([zlib.gzipSync(SMALL), zlib.gzipSync(LONG, { level: 9 }), zlib.gzipSync(SMALL, { level: 1 })])
  const bench = new Bench()
  expect((await bench.thereAndBack(members)).notes).toEqual([])
  expect((await bench.thereAndBack(Buffer.concat([members, Buffer.alloc(5000)]))).notes).toEqual(['5000 bytes behind the last member of gzip are kept as they are'])
  await bench.thereAndBack(Buffer.concat([members, Buffer.from('garbage')]))
})

test('with Kubo\'s chunkers, or without looking, a file is its tree', async () => {
  const gz = zlib.gzipSync(SMALL)
  const bench = new Bench()
  const byNumber = await addBytes(gz, memoryBlockStore(), sizeCutter(100), 'by-number')
  expect(await bench.thereAndBack(gz, { chunker: 'size-100' })).toMatchObject({ root: byNumber.root.cid.toString(), layers: [] })
  const plain = await addBytes(gz, memoryBlockStore())
  expect(await bench.thereAndBack(gz, { look: false })).toMatchObject({ root: plain.root.cid.toString(), layers: [] })
  expect((await bench.thereAndBack(new Uint8Array(0))).root).toBe('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
})

test('what an edit would touch: a leaf and the nodes above it', async () => {
  const { edit } = await new Bench().add(LONG)
  expect(edit.nodes).toBeGreaterThan(0)
  expect(edit.bytes).toBeLessThan(100_000)
})

test('a character at the beginning, in the middle and at the end costs a few blocks', async () => {
  const bench = new Bench()
  await bench.thereAndBack(zlib.gzipSync(LONG))
  const before = [...bench.shelf.blocks.keys()]
  const middle = LONG.length / 2
  const edited = Buffer.concat([Buffer.from('!'), LONG.subarray(0, middle), Buffer.from('!'), LONG.subarray(middle), Buffer.from('!')])
  await bench.thereAndBack(zlib.gzipSync(edited))
  expect(bench.shelf.blocks.size - before.length).toBeLessThan(16)
})
