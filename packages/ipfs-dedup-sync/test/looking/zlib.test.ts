import zlib from 'node:zlib'
import { expect, test } from '@jest/globals'
import { streamBytes } from '../chunking/make-bytes.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from './bench-of-files.ts'

test.each([10, 50_000, 1_300_000])('a zlib stream of %d bytes of text', async size => {
  const bench = new Bench()
  for (const level of [1, 6, 9]) {
    const stream = zlib.deflateSync(sourceText(size, 3), { level })
    expect((await bench.thereAndBack(stream)).layers).toMatchObject([{ format: 'zlib', exact: true }])
    await bench.thereAndBack(Buffer.concat([stream, Buffer.from('behind it')]))
    await bench.thereAndBack(stream.subarray(0, stream.length - 2))
  }
})

test('what only begins like one is a plain file', async () => {
  const bench = new Bench()
  const bytes = Buffer.concat([Buffer.from([0x78, 0x9c]), streamBytes('no zlib', 100_000)])
  expect(await bench.thereAndBack(bytes)).toMatchObject({ layers: [], notes: [] })
})
