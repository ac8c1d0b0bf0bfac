import { spawnSync } from 'node:child_process'
import zlib from 'node:zlib'
import { expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from './bench-of-files.ts'

const SMALL = sourceText(100_000, 3)
const LONG = sourceText(1_300_000, 4)

const run = (command: string, args: readonly string[], input: Uint8Array): Buffer => {
  const { status, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${command}: ${String(stderr)}`)
  return stdout
}

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
