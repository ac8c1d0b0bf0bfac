/**
 * A new version of a packed folder with three characters more, brought to somebody who has the old one: we beside rsync, zsync, casync, borg, restic and xdelta3, in one run, over the formats that people
 * pack with. Bytes on the wire in both directions (borg, restic: what the repository grows by; xdelta3: the delta, made with both files at hand), seconds of processor time of both ends, and whether the output
 * is the very file. Writes the table's picture where it is told to. pnpm bench dedup [MB] [formats, by comma] [file.svg]
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { FORMATS, makeTar, pack } from './dedup/formats.ts'
import { bringOurs } from './dedup/ours.ts'
import { drawTable } from './dedup/picture.ts'
import { RIVALS, type Versions } from './dedup/rivals.ts'
import { makeWorkload } from './dedup/workload.ts'
import { canRun, run } from './rivals/run.ts'
import { round, say } from './rivals/timing.ts'

const sizeMb = Number(process.argv[2] ?? 253)
const wanted = process.argv[3]?.split(',')
const picture = process.argv[4]

const folder = await mkdtemp(path.join(process.env['BENCH_FOLDER'] ?? os.tmpdir(), 'dedup-bench-'))
const rows: Array<{ format: string, tool: string, bytes: number, same: boolean }> = []
try {
  const { oldFolder, newFolder } = await makeWorkload(folder, sizeMb * 1e6)
  const tars = [path.join(folder, 'old.tar'), path.join(folder, 'new.tar')] as const
  await makeTar(oldFolder, tars[0])
  await makeTar(newFolder, tars[1])
  for (const format of FORMATS) {
    if (wanted !== undefined && !wanted.includes(format.name)) continue
    if (!(await Promise.all(format.needs.map(canRun))).every(Boolean)) { say({ bench: 'dedup', format: format.name, skipped: format.needs }); continue }
    const into = path.join(folder, 'packed')
    await mkdir(into)
    const before = await pack(format, { tar: tars[0], folder: oldFolder, into, name: 'before' })
    const after = await pack(format, { tar: tars[1], folder: newFolder, into, name: 'after' })
    say({ bench: 'dedup', format: format.name, sizeBytes: (await stat(after)).size })
    for (const rival of RIVALS) {
      if (!(await Promise.all(rival.needs.map(canRun))).every(Boolean)) { say({ bench: 'dedup', format: format.name, tool: rival.name, skipped: rival.needs }); continue }
      await measure(format.name, rival.name, { before, after }, async versions => await rival.bring(versions))
    }
    await measure(format.name, 'ipfs-dedup-sync', { before, after }, bringOurs)
    await rm(into, { recursive: true })
  }
  if (picture !== undefined) await writeFile(picture, drawTable(rows, sizeMb))
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measure (format: string, tool: string, files: Omit<Versions, 'folder'>, bring: (versions: Versions) => Promise<{ readonly bytes: number, readonly cpuS: number, readonly output: string }>): Promise<void> {
  const place = path.join(folder, 'place')
  await mkdir(place)
  try {
    const { output, cpuS, ...figures } = await bring({ ...files, folder: place })
    const same = await run('cmp', [output, files.after]).then(() => true, () => false)
    rows.push({ format, tool, bytes: figures.bytes, same })
    say({ bench: 'dedup', format, tool, ...figures, cpuS: round(cpuS), same })
  } catch (e) {
    say({ bench: 'dedup', format, tool, failed: (e as Error).message.slice(-300) })
    process.exitCode = 1
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}
