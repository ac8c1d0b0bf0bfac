/**
 * How the cost of three added characters grows with the size of what they are added to: a .tar.gz of so many gigabytes, pulled by somebody who has the version before. Bytes on the wire, seconds, what the
 * store grows by, the nodes' memory. Then, on paper, 100 GB with the constants that were measured. pnpm bench dedup-growth [GB, by comma] (0.25,1,4,16: an hour, and three times the largest size on the disk)
 */
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { FORMATS, makeTar, pack } from './dedup/formats.ts'
import { bringOurs, type Pulled } from './dedup/ours.ts'
import { makeWorkload } from './dedup/workload.ts'
import { run } from './rivals/run.ts'
import { round, say } from './rivals/timing.ts'

const sizes = (process.argv[2] ?? '0.25,1,4,16').split(',').map(Number)
const format = FORMATS.find(({ name }) => name === '.tar.gz')!
const PAPER_GB = 100

const measured: Array<{ readonly gb: number } & Pulled> = []
for (const gb of sizes) {
  const folder = await mkdtemp(path.join(process.env['BENCH_FOLDER'] ?? os.tmpdir(), 'dedup-growth-'))
  try {
    const { oldFolder, newFolder } = await makeWorkload(folder, gb * 1e9)
    const archives: string[] = []
    for (const [name, from] of [['before', oldFolder], ['after', newFolder]] as const) {
      const tar = path.join(folder, `${name}.tar`)
      await makeTar(from, tar)
      await rm(from, { recursive: true })
      archives.push(await pack(format, { tar, folder: from, into: folder, name }))
      await rm(tar)
    }
    const place = path.join(folder, 'place')
    await mkdir(place)
    const pulled = await bringOurs({ before: archives[0]!, after: archives[1]!, folder: place })
    await run('cmp', [pulled.output, archives[1]!])
    measured.push({ gb, ...pulled })
    const { output, ...figures } = pulled
    say({ bench: 'dedup-growth', gb, packedBytes: (await stat(archives[1]!)).size, ...figures, cpuS: round(figures.cpuS), pullS: round(figures.pullS), same: output !== '' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// Bytes grow with the height of the trees, so with the logarithm; processor time with the size, as encoding the new version again does.
const [first, last] = [measured[0]!, measured.at(-1)!]
if (measured.length > 1) {
  const perDecade = (last.bytes - first.bytes) / Math.log10(last.gb / first.gb)
  say({ bench: 'dedup-growth', onPaper: PAPER_GB, bytes: Math.round(last.bytes + perDecade * Math.log10(PAPER_GB / last.gb)), cpuS: Math.round(last.cpuS * PAPER_GB / last.gb) })
}
