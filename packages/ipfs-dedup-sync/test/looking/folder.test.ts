import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { diskFileSource } from '../../src/adapters/disk-file-source.ts'
import { diskFolderSource } from '../../src/adapters/disk-folder-source.ts'
import { writeRestored } from '../../src/adapters/write-restored.ts'
import { ingest } from '../../src/domain/looking/ingest.ts'
import { ingestFolder } from '../../src/domain/looking/ingest-folder.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from './bench-of-files.ts'

const OPTIONS = { chunker: { kind: 'fastcdc' }, look: true } as const
let folder: string
const at = (name: string): string => path.join(folder, name)

beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'folders-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

function plant (): string {
  const root = at('in')
  mkdirSync(path.join(root, 'b/c'), { recursive: true })
  mkdirSync(path.join(root, 'empty'))
  writeFileSync(path.join(root, 'b.txt'), sourceText(40_000, 1))
  writeFileSync(path.join(root, 'b/one.gz'), zlib.gzipSync(sourceText(50_000, 2)))
  writeFileSync(path.join(root, 'b/c/none'), '')
  writeFileSync(path.join(root, 'holes'), 'begin')
  truncateSync(path.join(root, 'holes'), 3_000_000)
  symlinkSync('../b.txt', path.join(root, 'b/link'))
  symlinkSync('/nowhere', path.join(root, 'broken'))
  chmodSync(path.join(root, 'b.txt'), 0o4755)
  chmodSync(path.join(root, 'b/c'), 0o500)
  utimesSync(path.join(root, 'b.txt'), 1e9, 1234567890.5)
  lutimesSync(path.join(root, 'broken'), 1e9, -5.25)
  utimesSync(path.join(root, 'b'), 1e9, 1e9)
  return root
}

/** What is below a folder, as text. */
function look (root: string, below = ''): string[] {
  return readdirSync(path.join(root, below)).sort().flatMap(name => {
    const inside = path.join(below, name)
    const file = path.join(root, inside)
    const state = lstatSync(file)
    const what = state.isSymbolicLink() ? `-> ${readlinkSync(file)}` : state.isFile() ? readFileSync(file).toString('base64') : ''
    return [`${inside} ${(state.mode & (state.isSymbolicLink() ? 0 : 0o1777)).toString(8)} ${Math.round(state.mtimeMs)} ${what}`, ...state.isDirectory() ? look(root, inside) : []]
  })
}

async function addFolder (bench: Bench, root: string): ReturnType<typeof ingestFolder> {
  return await ingestFolder(await bench.deps(), diskFolderSource(root), OPTIONS)
}

test('a folder comes back with modes, times, links and holes', async () => {
  const bench = new Bench()
  const root = plant()
  const added = await addFolder(bench, root)
  expect(added.layers).toEqual([{ format: 'folder', exact: true }, { format: 'gzip', encoder: 'chromium', level: 6, exact: true }])
  expect(added.sha256).toBeUndefined()
  await writeRestored(await bench.open(added.root), at('out'), { overwrite: false })
  expect(look(at('out'))).toEqual(look(root))
  expect(lstatSync(at('out/holes')).blocks).toBeLessThan(100)
  expect(readdirSync(folder).sort()).toEqual(['in', 'out'])
})

test('what is there is replaced only when that was asked for', async () => {
  const bench = new Bench()
  const { root } = await addFolder(bench, plant())
  mkdirSync(at('out'))
  writeFileSync(at('out/mine'), 'mine')
  await expect(writeRestored(await bench.open(root), at('out'), { overwrite: false })).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  expect(readdirSync(at('out'))).toEqual(['mine'])
  await writeRestored(await bench.open(root), at('out'), { overwrite: true })
  expect(look(at('out'))).toEqual(look(at('in')))
  expect(readdirSync(folder).sort()).toEqual(['in', 'out'])
})

testWithProgram('mkfifo')('a pipe is left out and told', async () => {
  const root = plant()
  execFileSync('mkfifo', [path.join(root, 'pipe')])
  expect((await addFolder(new Bench(), root)).notes).toEqual(["'pipe' is left out: it is a pipe"])
})

test('a file that is written to meanwhile is read anew, once', async () => {
  const bench = new Bench()
  writeFileSync(at('file'), sourceText(900_000, 3))
  const deps = await bench.deps()
  let writes = 1
  const chunks: typeof deps.chunks = async function * (source) {
    if (writes-- > 0) writeFileSync(at('file'), sourceText(900_000, 3 + writes))
    yield * deps.chunks(source)
  }
  const { root } = await ingest({ ...deps, chunks }, await diskFileSource(at('file')), OPTIONS)
  expect((await bench.bytes(root)).equals(readFileSync(at('file')))).toBe(true)
  writes = 5
  await expect(ingest({ ...deps, chunks }, await diskFileSource(at('file')), OPTIONS)).rejects.toMatchObject({ code: 'FILE_CHANGED', exit: 'busy' })
})

test('wrong bytes never get a name', async () => {
  const bench = new Bench()
  const { root } = await bench.add(zlib.gzipSync(sourceText(50_000, 2)))
  const engine = { ...bench.engine, encodeWhole: async () => zlib.deflateRawSync('another') }
  const wrong = Object.assign(new Bench(engine), { shelf: bench.shelf })
  await expect(writeRestored(await wrong.open(root), at('out'), { overwrite: true })).rejects.toMatchObject({ exit: 'refused' })
  expect(readdirSync(folder)).toEqual([])
  expect(existsSync(at('out'))).toBe(false)
})
