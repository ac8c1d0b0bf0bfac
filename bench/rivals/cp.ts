import { rm } from 'node:fs/promises'
import path from 'node:path'
import { run } from './run.ts'
import { seconds } from './timing.ts'

/** A plain copy on the same disk, synced: the least that any transfer costs. */
export async function timeCp (file: string, folder: string, runs: number): Promise<number[]> {
  const copy = path.join(folder, 'cp.copy')
  const times: number[] = []
  for (let n = 0; n < runs; n++) {
    await rm(copy, { force: true })
    times.push(await seconds(async () => { await run('sh', ['-c', 'cp "$0" "$1" && sync "$1"', file, copy]) }))
  }
  await rm(copy)
  return times
}
