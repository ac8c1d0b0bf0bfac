import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { tempName } from '@ipkit/core/cli/temp-files'
import { faultyFs, type DiskFault } from '@ipkit/testkit/faulty-fs'
import { writeRestored } from '../../src/adapters/write-restored.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from './bench-of-files.ts'

const ORIGINAL = zlib.gzipSync(sourceText(300_000, 2))
let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'restored-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

test.each(['full', 'fail', 'kill', 'torn'] as const)('a disk with the fault "%s" at any step: the old file or the new one, whole', async kind => {
  const bench = new Bench()
  const { root } = await bench.add(ORIGINAL)
  const target = path.join(folder, 'out.gz')
  const write = async (fault?: DiskFault): Promise<readonly string[]> => {
    const fs = faultyFs(fault)
    await writeRestored(await bench.open(root), target, { overwrite: true, fs })
    return fs.steps
  }
  const steps = await write()
  expect(steps.length).toBeGreaterThan(4)
  for (let at = 0; at < steps.length; at++) {
    for (const old of [undefined, Buffer.from('old')]) {
      rmSync(target, { force: true })
      if (old !== undefined) writeFileSync(target, old)
      const error = await write({ kind, at }).then(() => undefined, (e: unknown) => e)
      const now = existsSync(target) ? readFileSync(target) : undefined
      if (now?.equals(ORIGINAL) !== true) expect(now).toEqual(old)
      if (error === undefined) expect(now?.equals(ORIGINAL)).toBe(true)
      if (kind === 'full' && error !== undefined) expect(error).toMatchObject({ code: 'DISK_FULL' })
      expect(readdirSync(folder).filter(name => name !== 'out.gz')).toEqual([])
    }
  }
})

test('what a process that was killed had begun, a file or a folder, goes with the next write there', async () => {
  const bench = new Bench()
  const { root } = await bench.add(ORIGINAL)
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  const ofTheDead = (name: string): string => tempName(path.join(folder, name)).replace(`-${process.pid}-`, `-${pid}-`)
  writeFileSync(ofTheDead('one'), 'half')
  mkdirSync(ofTheDead('two'))
  writeFileSync(path.join(ofTheDead('three')), 'half')
  mkdirSync(path.join(ofTheDead('four'), 'inner'), { recursive: true })
  const ours = tempName(path.join(folder, 'five'))
  writeFileSync(ours, 'of somebody who still writes')
  await writeRestored(await bench.open(root), path.join(folder, 'out.gz'), { overwrite: false })
  expect(readdirSync(folder).sort()).toEqual([path.basename(ours), 'out.gz'].sort())
})
