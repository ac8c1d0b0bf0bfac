/**
 * What everybody is measured on: a folder of source-like files with one large `data.txt`, and the same after one character was added at the beginning, in the middle and at the end of
 * that file. The shares are those of 253 MB: 140 MB in data.txt, 113 MB in 3,822 files. The same in every run.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { sourceText } from '@ipkit/testkit/source-text'
import { run } from '../rivals/run.ts'

const DATA_SHARE = 140 / 253
const FILE_BYTES = 29_000
/** Made in parts: a name that is invented once is not used for gigabytes. */
const PART_BYTES = 8e6
const OLD_TIME = '2026-01-01 00:00:00Z'
const NEW_TIME = '2026-02-01 12:34:56Z'

export interface Workload {
  /** Each holds a folder `tree`, which is what gets packed. */
  readonly oldFolder: string
  readonly newFolder: string
}

/** @param folder empty */
export async function makeWorkload (folder: string, sizeBytes: number): Promise<Workload> {
  const [oldFolder, newFolder] = [path.join(folder, 'old'), path.join(folder, 'new')]
  const tree = path.join(oldFolder, 'tree')
  const dataBytes = Math.floor(sizeBytes * DATA_SHARE)
  const count = Math.max(1, Math.floor((sizeBytes - dataBytes) / FILE_BYTES))
  for (let i = 0; i < count; i++) {
    const inside = path.join(tree, 'src', `part${Math.floor(i / 64)}`)
    if (i % 64 === 0) await mkdir(inside, { recursive: true })
    await writeFile(path.join(inside, `file${i}.ts`), sourceText(FILE_BYTES - 8000 + (i * 7919) % 16_000, 1000 + i))
  }
  const data = path.join(tree, 'data.txt')
  for (let at = 0; at < dataBytes; at += PART_BYTES) await writeFile(data, sourceText(Math.min(PART_BYTES, dataBytes - at), 1e6 + at / PART_BYTES), { flag: 'a' })
  await run('sh', ['-c', 'find "$1" -exec touch -h -d "$2" {} +', 'sh', oldFolder, OLD_TIME])
  await run('cp', ['-a', oldFolder, newFolder])
  await editData(path.join(newFolder, 'tree/data.txt'), dataBytes)
  await run('touch', ['-d', NEW_TIME, path.join(newFolder, 'tree/data.txt')])
  return { oldFolder, newFolder }
}

/** A character at the beginning, one in the middle, one at the end. */
async function editData (file: string, sizeBytes: number): Promise<void> {
  const before = `${file}.before`
  const middle = Math.floor(sizeBytes / 2)
  await run('mv', [file, before])
  await run('sh', ['-c', '{ printf x; head -c "$3" "$1"; printf y; tail -c "+$(($3 + 1))" "$1"; printf z; } >"$2"', 'sh', before, file, String(middle)])
  await rm(before)
}
