// What the shared node costs and saves: pnpm bench node [rounds]. A warm command (the node runs) against --help, a cold one (the
// node is started), in CPU time and in turns; then one node with five services against five nodes.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { measureFiveServices } from '@ipkit/testkit/node/five-services'
import { endNodes } from '@ipkit/testkit/node/node-processes'
import { median, print, round1, round2, timeStarts, type Start, type Taken } from './time-starts.ts'

const WARM_LIMIT_MS = 15
const SETTLE_MS = 3_000

const root = path.resolve(import.meta.dirname, '..')
const rounds = Number(process.argv[2] ?? 21)
const burn = path.join(root, 'packages/burn-cli/bin/burn.js')
const ipkit = path.join(root, 'packages/ipkit/bin/ipkit.js')

const folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-bench-'))
const env = { PATH: process.env['PATH'], HOME: folder, IPKIT_HOME: path.join(folder, 'home'), IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' }
const run = (...argv: readonly string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, argv, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${String(status)}: ${stderr}`)
}

const HELP = 'burn --help'
const warm: readonly Start[] = [
  { name: 'node -e 0', argv: ['-e', '0'], exit: 0 },
  { name: HELP, argv: [burn, '--help'], exit: 0 },
  { name: 'burn ls', argv: [burn, 'ls'], exit: 0 },
  { name: 'ipkit id', argv: [ipkit, 'id'], exit: 0 },
  { name: 'ipkit status', argv: [ipkit, 'status'], exit: 0 },
]

try {
  mkdirSync(path.join(folder, '.cache')) // where compiled code is kept
  run(burn, 'ls')
  report('warm', warm, timeStarts(warm, rounds, folder, env))
  const cold: readonly Start[] = [warm[0]!, warm[1]!, { name: 'ipkit id, starting the node', argv: [ipkit, 'id'], exit: 0, before: () => { run(ipkit, 'stop') } }]
  report('cold', cold, timeStarts(cold, Math.min(rounds, 5), folder, env))
} finally {
  run(ipkit, 'stop')
  await endNodes(env.IPKIT_HOME) // it writes into its home a moment longer than it answers
  rmSync(folder, { recursive: true, force: true })
}

if (existsSync('/proc/self/smaps_rollup')) {
  const { oneNode, fiveNodes } = await measureFiveServices(path.join(root, 'packages/ipkit/dist/node-main.js'), SETTLE_MS)
  for (const key of ['rssBytes', 'pssBytes'] as const) {
    const ratio = oneNode[key] / fiveNodes[key]
    print({ bench: 'node', case: 'five services', of: key, oneNode: oneNode[key], fiveNodes: fiveNodes[key], ratio: round2(ratio), limit: { ratio: round2(1 / 3) }, within: ratio < 1 / 3, node: process.version })
  }
} else print({ bench: 'node', case: 'five services', skipped: 'no /proc/<pid>/smaps_rollup' })

function report (kind: 'warm' | 'cold', starts: readonly Start[], taken: ReadonlyMap<string, readonly Taken[]>): void {
  const help = taken.get(HELP)!
  for (const { name } of starts) {
    const runs = taken.get(name)!
    const overMs = median(runs.map((t, i) => t.cpuMs - help[i]!.cpuMs))
    const judged = kind === 'cold' || name === HELP || name.startsWith('node') ? {} : { limit: { overMs: WARM_LIMIT_MS }, within: overMs < WARM_LIMIT_MS }
    print({ bench: 'node', case: `${kind}: ${name}`, cpuMs: round1(median(runs.map(t => t.cpuMs))), wallMs: round1(median(runs.map(t => t.wallMs))), overHelpMs: round1(overMs), ratioToHelp: round2(median(runs.map((t, i) => t.cpuMs / help[i]!.cpuMs))), ...judged, rounds: runs.length, node: process.version })
  }
}
