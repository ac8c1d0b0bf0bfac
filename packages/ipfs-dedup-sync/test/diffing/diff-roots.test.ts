import { expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { diffRoots } from '../../src/domain/diffing/diff-roots.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from '../looking/bench-of-files.ts'
import { tarOf, type NamedFile } from '../looking/make-archives.ts'
import { collect } from '../version-world.ts'

async function differences (before: readonly NamedFile[], after: readonly NamedFile[]): Promise<unknown[]> {
  const bench = new Bench()
  const [a, b] = [await bench.add(tarOf(before, '--mtime=@1')), await bench.add(tarOf(after, '--mtime=@2'))]
  return await collect(diffRoots({ blocks: bench.shelf, signal: bench.signal }, a.root, b.root))
}

testWithProgram('tar')('of what had no bytes and has none, only what is told of it changed; of what lost all of them, they are gone', async () => {
  const rest: NamedFile = { name: 'rest', bytes: sourceText(40_000, 1) }
  const file = (name: string, text: string): NamedFile => ({ name, bytes: Buffer.from(text) })
  expect(await differences([file('empty', ''), file('emptied', 'one\n'), rest], [file('empty', ''), file('emptied', ''), rest])).toEqual(expect.arrayContaining([
    { member: 'empty', change: 'changed', ranges: [], changedBytes: 0 },
    { member: 'emptied', change: 'changed', ranges: [{ start: 0, end: 0 }], changedBytes: 0 },
  ]))
})
