import { expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import fc from 'fast-check'
import { TarWatch } from '../../src/domain/looking/tar-watch.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from './bench-of-files.ts'
import { tarOf, type NamedFile } from './make-archives.ts'

const LONG_NAME = `${'folder/'.repeat(30)}${'n'.repeat(90)}`
const FILES: readonly NamedFile[] = [
  { name: 'a.txt', bytes: sourceText(30_000, 1) },
  { name: 'empty', bytes: Buffer.alloc(0) },
  { name: LONG_NAME, bytes: sourceText(512, 2) },
  { name: 'b', bytes: sourceText(513, 3) },
]

/** @returns where cuts are, whatever the pieces */
function cutsOf (tar: Uint8Array, sizes: readonly number[] = [tar.length]): { readonly cuts: number[], readonly members: number } {
  const watch = new TarWatch()
  const cuts: number[] = []
  for (let at = 0, i = 0; at < tar.length; i++) {
    const size = sizes[i % sizes.length]!
    cuts.push(...watch.pass(tar.subarray(at, at + size)).map(cut => at + cut))
    at += size
  }
  return { cuts, members: watch.members }
}

testWithProgram('tar')('each header and the data of each member is parted', () => {
  for (const format of ['gnu', 'pax', 'ustar', 'v7']) {
    const files = FILES.filter(file => format === 'gnu' || format === 'pax' || file.name.length < 90)
    const tar = tarOf(files, `--format=${format}`)
    const { cuts } = cutsOf(tar)
    for (const { bytes } of files.filter(file => file.bytes.length > 0)) {
      const at = tar.indexOf(bytes)
      expect(cuts).toContain(at)
      expect(cuts).toContain(at + bytes.length)
      expect(cuts).toContain(Math.ceil((at + bytes.length) / 512) * 512)
    }
    expect(cuts.every((cut, i) => i === 0 || cut >= cuts[i - 1]!)).toBe(true)
  }
})

testWithProgram('tar')('the pieces it comes in do not matter', () => {
  const tar = tarOf(FILES, '--format=pax')
  const whole = cutsOf(tar)
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 }), sizes => {
    expect(cutsOf(tar, sizes)).toEqual(whole)
  }), { numRuns: 30 })
})

testWithProgram('tar')('a new time of change costs the blocks of headers', async () => {
  const bench = new Bench()
  const text = sourceText(200_000, 9)
  const files = Array.from({ length: 50 }, (_, i) => ({ name: `f${i}`, bytes: text.subarray(i * 2000, i * 2000 + 20_000) }))
  const first = await bench.thereAndBack(tarOf(files, '--mtime=2020-01-01'))
  expect(first).toMatchObject({ layers: [{ format: 'tar', exact: true }], notes: [] })
  const before = [...bench.shelf.blocks.values()].reduce((sum, block) => sum + block.length, 0)
  await bench.thereAndBack(tarOf(files, '--mtime=2021-01-01'))
  const after = [...bench.shelf.blocks.values()].reduce((sum, block) => sum + block.length, 0)
  expect(after - before).toBeLessThan(50 * 512 + 20_000)
})

test('what is no tar is not cut', () => {
  expect(cutsOf(sourceText(5000, 1))).toEqual({ cuts: [], members: 0 })
  expect(cutsOf(Buffer.alloc(5000))).toEqual({ cuts: [], members: 0 })
})
