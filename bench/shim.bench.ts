// What the shim costs over calling a release directly, beside other commands that choose a version, in one run: pnpm bench shim [rounds]. Behind all of them stands
// one small program. A shell starts each of them a number of times in a turn and says what its children used; the cases take turns, and a figure is the median of
// what the turns had over the direct turn of the same round.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { shimScript } from '../packages/ipfsup/src/domain/shim-script.ts'
import { nodeShim, rbenvShim, rustupProxy, type VersionShim } from './rivals/version-shims.ts'
import { median, print, round2 } from './time-starts.ts'

const LIMIT_MS = 1
const STARTS = 40
const WARM_UP_ROUNDS = 2
const rounds = Number(process.argv[2] ?? 25)

interface Turn { readonly cpuMs: number, readonly wallMs: number }

const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'ipfsup-bench-')))
try {
  const program = path.join(folder, 'program')
  copyFileSync('/bin/true', program)
  chmodSync(program, 0o755)
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder }
  const behind = { folder, program, env }
  const direct = { name: 'direct', argv: [program], env }
  const found = [rustupProxy(behind), rbenvShim(behind)]
  for (const [i, name] of ["rustup's proxy", "rbenv's shim"].entries()) if (found[i] === undefined) print({ bench: 'shim', case: name, skipped: `this machine has no ${name.split("'")[0]!}` })
  const ours = ourShims(env)
  const cases: readonly VersionShim[] = [direct, ...ours, ...found.filter(shim => shim !== undefined), nodeShim(behind)]

  const turns = new Map(cases.map(({ name }) => [name, [] as Turn[]]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const shim of cases) {
      const turn = takeTurn(shim)
      if (round >= 0) turns.get(shim.name)!.push(turn)
    }
  }
  const over = (name: string, of: keyof Turn): number[] => turns.get(name)!.map((turn, i) => turn[of] - turns.get('direct')![i]![of])
  const oursMs = median(over(ours[0]!.name, 'cpuMs'))
  for (const { name } of cases) {
    const [cpu, wall] = [median(turns.get(name)!.map(t => t.cpuMs)), median(turns.get(name)!.map(t => t.wallMs))]
    const overCpuMs = median(over(name, 'cpuMs'))
    const isOurs = ours.some(shim => shim.name === name)
    const judged = isOurs ? { limit: { overCpuMs: LIMIT_MS }, within: overCpuMs <= LIMIT_MS } : name === 'direct' ? {} : { ratioToShim: round2(overCpuMs / oursMs), behindUs: overCpuMs > oursMs }
    print({ bench: 'shim', case: name, cpuMs: round2(cpu), wallMs: round2(wall), ...name === 'direct' ? {} : { overCpuMs: round2(overCpuMs), overWallMs: round2(median(over(name, 'wallMs'))) }, ...judged, starts: STARTS * rounds, sh: realpathSync('/bin/sh'), node: process.version })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The default, found after a walk up from three folders below the home; and a pin in the folder itself. */
function ourShims (env: Readonly<Record<string, string>>): readonly VersionShim[] {
  const home = path.join(folder, '.ipfsup')
  const release = path.join(folder, '.ipfs/releases/go-v0.43.0/linux-amd64/ipfs')
  const shim = path.join(home, 'bin/ipfs')
  for (const file of [shim, release]) mkdirSync(path.dirname(file), { recursive: true })
  copyFileSync(path.join(folder, 'program'), release)
  writeFileSync(path.join(home, 'default'), 'go-v0.43.0\n')
  writeFileSync(shim, shimScript({ home, architecture: 'linux-amd64', node: '/nonexistent', script: '/nonexistent' }), { mode: 0o755 })
  for (const name of ['a/b/c', 'pinned']) mkdirSync(path.join(folder, name), { recursive: true })
  writeFileSync(path.join(folder, 'pinned/.ipfs-version'), 'v0.43.0\n')
  return [
    { name: 'ipfsup: the default', argv: [shim], env: { ...env, BENCH_FOLDER: path.join(folder, 'a/b/c') } },
    { name: 'ipfsup: a pin', argv: [shim], env: { ...env, BENCH_FOLDER: path.join(folder, 'pinned') } },
    { name: 'ipfsup: +v0.43.0', argv: [shim, '+v0.43.0'], env: { ...env, BENCH_FOLDER: folder } },
  ]
}

/** bash says what its children used to the millisecond; /proc and other shells say it in hundredths of a second. */
function takeTurn ({ name, argv, env }: VersionShim): Turn {
  const script = `cd "\${BENCH_FOLDER:-${folder}}" || exit; for ((i = 0; i < ${STARTS}; i++)); do "$@" >/dev/null || exit; done; times`
  const startMs = performance.now()
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...argv], { env: { ...env, LC_ALL: 'C' }, encoding: 'utf8' })
  const wallMs = performance.now() - startMs
  if (status !== 0) throw new Error(`${name} ended with ${String(status)}: ${stderr}`)
  const [user, system] = stdout.trim().split('\n')[1]!.split(' ').map(text => {
    const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text)!
    return (Number(minutes) * 60 + Number(seconds)) * 1000
  })
  return { cpuMs: (user! + system!) / STARTS, wallMs: wallMs / STARTS }
}
