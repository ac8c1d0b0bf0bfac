import zlib from 'node:zlib'
import { expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { sourceText } from '../domain/deflate/texts.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { Bench } from './bench-of-files.ts'
import { python, tarOf, zipOf, type NamedFile } from './make-archives.ts'

const FILES: readonly NamedFile[] = [
  { name: 'a.txt', bytes: sourceText(30_000, 1) },
  { name: 'empty', bytes: Buffer.alloc(0) },
  { name: 'folder/long.txt', bytes: sourceText(1_200_000, 2) },
  { name: 'noise', bytes: streamBytes('noise', 3000) },
  { name: 'tiny', bytes: Buffer.from('x') },
]
const EXACT = { format: 'zip', encoder: 'info-zip', level: 6, exact: true }

testWithProgram('zip')('a zip of Info-ZIP, and one with a comment and something before it', async () => {
  const bench = new Bench()
  const zip = zipOf(FILES)
  const { layers, notes, root } = await bench.thereAndBack(zip)
  expect({ layers, notes }).toEqual({ layers: [EXACT], notes: [] })
  const content = await bench.content(root)
  for (const { bytes } of FILES) expect(content.includes(Buffer.from(bytes))).toBe(true)
  expect((await bench.thereAndBack(Buffer.concat([Buffer.from('#!/bin/sh\nexit 0\n'), zip]))).layers).toEqual([EXACT])
})

testWithProgram('zip')('one changed member of many changes its own records', async () => {
  const bench = new Bench()
  const text = sourceText(200_000, 5)
  const files: NamedFile[] = Array.from({ length: 400 }, (_, i) => ({ name: `f${i}`, bytes: text.subarray(100 * i, 100 * i + 300 + i % 50) }))
  await bench.thereAndBack(zipOf(files, '-X'))
  const before = bench.shelf.blocks.size
  files[3] = { name: 'f3', bytes: Buffer.concat([Buffer.from('!'), files[3]!.bytes]) }
  const { root } = await bench.add(zipOf(files, '-X'))
  await bench.bytes(root)
  expect(bench.shelf.blocks.size - before).toBeLessThan(20)
})

const PYTHON = `
import io, sys, zipfile
class Pipe(io.RawIOBase):
    def writable(self): return True
    def write(self, b): return sys.stdout.buffer.write(b)
text = sys.stdin.buffer.read()
out = Pipe() if 'pipe' in sys.argv else io.BytesIO()
with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED, allowZip64=True) as z:
    for i in range(3):
        info = zipfile.ZipInfo('m%d' % i)
        info.compress_type = zipfile.ZIP_BZIP2 if i == 1 and 'bzip2' in sys.argv else zipfile.ZIP_DEFLATED
        with z.open(info, 'w', force_zip64='wide' in sys.argv) as f: f.write(text[:len(text) // (i + 1)])
    z.comment = b'a comment'
if out.__class__ is not Pipe: sys.stdout.buffer.write(out.getvalue())
`

testWithProgram('python3')('zips of Python: as it is, streamed, zip64, with other methods', async () => {
  const text = sourceText(200_000, 6)
  for (const [words, exact] of [['', true], ['pipe', true], ['wide', true], ['pipe wide', true], ['bzip2', false]] as const) {
    const { layers } = await new Bench().thereAndBack(python(PYTHON, text, ...words.split(' ')))
    expect(layers).toEqual([{ format: 'zip', encoder: 'zlib', level: 6, exact }])
  }
})

testWithProgram('zip', 'tar')('.tar.gz in a zip, deflated and stored', async () => {
  const tar = tarOf(FILES)
  const inside = [{ name: 'one.tar.gz', bytes: zlib.gzipSync(tar) }, { name: 'two.tgz', bytes: zlib.gzipSync(tar, { level: 9 }) }, FILES[0]!]
  for (const options of [['-6'], ['-0']]) {
    const bench = new Bench()
    const { layers, root } = await bench.thereAndBack(zipOf(inside, ...options))
    expect(layers.map(({ format, exact }) => ({ format, exact }))).toEqual([{ format: 'zip', exact: true }, { format: 'gzip', exact: true }, { format: 'tar', exact: true }])
    expect((await bench.content(root)).includes(tar)).toBe(true)
  }
})

test('a zip that lies is kept as it is, or as far as it is true', async () => {
  const zip = tinyZip()
  const bench = new Bench()
  for (let at = 0; at < zip.length; at++) {
    for (const value of at % 8 === 0 ? [0, zip[at]! ^ 1] : [255]) {
      const bad = Buffer.from(zip)
      bad[at] = value
      await bench.thereAndBack(bad)
    }
  }
  for (let size = 0; size < zip.length; size += 11) await bench.thereAndBack(zip.subarray(0, size))
})

test('end records of zip64, with the old one telling the same, nothing, or something else', async () => {
  const zip = tinyZip()
  const end = zip.subarray(zip.length - 22)
  const directoryAt = end.readUInt32LE(16)
  const wide = Buffer.alloc(56 + 20)
  wide.write('PK\u0006\u0006', 0, 'latin1')
  wide.writeBigUInt64LE(44n, 4)
  wide.writeBigUInt64LE(2n, 32)
  wide.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40)
  wide.writeBigUInt64LE(BigInt(directoryAt), 48)
  wide.write('PK\u0006\u0007', 56, 'latin1')
  wide.writeBigUInt64LE(BigInt(zip.length - 22), 64)
  const bench = new Bench()
  for (const change of [(): void => {}, (last: Buffer) => last.fill(0xff, 8, 20), (last: Buffer) => last.writeUInt32LE(7, 16), (last: Buffer) => last.writeUInt32LE(7, 12)]) {
    const last = Buffer.from(end)
    change(last)
    expect((await bench.thereAndBack(Buffer.concat([zip.subarray(0, -22), wide, last]))).layers).toMatchObject([{ format: 'zip', exact: true }])
  }
  wide.writeBigUInt64LE(99n, 64)
  expect((await bench.thereAndBack(Buffer.concat([zip.subarray(0, -22), wide, end]))).layers).toMatchObject([{ format: 'zip', exact: true }])
})

/** Two members, made by hand. */
function tinyZip (): Buffer {
  const members = ['first', 'second'].map(name => ({ name, data: zlib.deflateRawSync(Buffer.from(name.repeat(9))) }))
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let at = 0
  for (const { name, data } of members) {
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(9 * name.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), fields, Buffer.from(name), data])
    const offset = Buffer.alloc(4)
    offset.writeUInt32LE(at)
    centrals.push(Buffer.concat([Buffer.from('PK\u0001\u0002\0\0'), fields, Buffer.alloc(10), offset, Buffer.from(name)]))
    locals.push(local)
    at += local.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 0, 'latin1')
  end.writeUInt16LE(2, 8)
  end.writeUInt16LE(2, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, directory, end])
}
