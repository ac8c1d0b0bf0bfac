/**
 * The deflate model beside the encoders it repeats, on one text in one run, in MB of text for a second of processor time: gzip -N with our
 * gnu-gzip -N, and node:zlib with our chromium. Turns are taken, medians printed; `ratio` above 1 means that the model is faster. Its
 * output is compared with theirs. pnpm bench deflate-model [MB] [rounds]
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { loadDeflateKernel } from '../packages/ipfs-dedup-sync/src/adapters/load-deflate-kernel.ts'
import { encoderParameters, type Level, type Producer } from '../packages/ipfs-dedup-sync/src/domain/deflate/encoder-parameters.ts'
import { openEncoder } from '../packages/ipfs-dedup-sync/src/domain/deflate/open-encoder.ts'
import { sourceText } from '../packages/ipfs-dedup-sync/test/domain/deflate/texts.ts'
import { canRun } from './rivals/run.ts'
import { median, round, say } from './rivals/timing.ts'

const megabytes = Number(process.argv[2] ?? 8)
const rounds = Number(process.argv[3] ?? 5)
const LEVELS: readonly Level[] = [1, 4, 6, 9]

const newKernel = await loadDeflateKernel(path.resolve(import.meta.dirname, '../packages/ipfs-dedup-sync/dist/deflate.wasm'))
/** Half like source, half like a program. */
const text = Buffer.concat([sourceText(megabytes * 5e5), readFileSync(process.execPath).subarray(5e6, 5e6 + megabytes * 5e5)])

function model (producer: Producer, level: Level): Buffer {
  const encoder = openEncoder(newKernel, encoderParameters(producer, level))
  return Buffer.concat([...encoder.write(text), ...encoder.end()])
}

function cpuS (work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Of the shell's children, as `times` tells on its second line: 0m1.23s 0m0.04s. */
function gzipCpuS (file: string, level: Level): number {
  const run = spawnSync('sh', ['-c', 'gzip -nc "$1" "$2" > /dev/null; times', 'sh', `-${level}`, file], { encoding: 'utf8' })
  const found = [...run.stdout.split('\n')[1]!.matchAll(/(\d+)m([\d.]+)s/g)]
  return found.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-bench-'))
try {
  const file = path.join(folder, 'text')
  writeFileSync(file, text)
  const hasGzip = await canRun('gzip')
  for (const level of LEVELS) {
    const times = { gnu: [] as number[], gzip: [] as number[], chromium: [] as number[], node: [] as number[] }
    for (let i = 0; i < rounds; i++) {
      times.gnu.push(cpuS(() => model('gnu-gzip', level)))
      if (hasGzip) times.gzip.push(gzipCpuS(file, level))
      times.chromium.push(cpuS(() => model('chromium', level)))
      times.node.push(cpuS(() => zlib.deflateRawSync(text, { level })))
    }
    const speed = (taken: readonly number[]): number => round(text.length / 1e6 / median(taken), 1)
    const compare = (rival: string, ours: readonly number[], theirs: readonly number[], exact: boolean): void => {
      say({ bench: 'deflate-model', level, rival, textMb: megabytes, modelMbPerS: speed(ours), rivalMbPerS: speed(theirs), ratio: round(median(theirs) / median(ours)), exact, rounds })
    }
    if (hasGzip) {
      const made = spawnSync('gzip', ['-nc', `-${level}`, file], { maxBuffer: 2 ** 30 }).stdout
      compare('gzip', times.gnu, times.gzip, model('gnu-gzip', level).equals(made.subarray(10, -8)))
    } else say({ bench: 'deflate-model', level, rival: 'gzip', skipped: 'no gzip' })
    compare('node:zlib', times.chromium, times.node, model('chromium', level).equals(zlib.deflateRawSync(text, { level })))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
