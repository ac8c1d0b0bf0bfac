// What a start costs over a bare `node`, in CPU time: pnpm bench startup [rounds]. The cases take turns; the bare start is one of
// them, and a ratio is the median of the ratios within a round.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { median, print, round1, round2, timeStarts, type Start } from './time-starts.ts'

type Case = Start & { readonly limit?: { readonly ratio: number } | { readonly overMs: number } }

const root = path.resolve(import.meta.dirname, '..')
const rounds = Number(process.argv[2] ?? 21)
const script = { burn: path.join(root, 'packages/burn-cli/bin/burn.js'), ipkit: path.join(root, 'packages/ipkit/bin/ipkit.js'), ipnsup: path.join(root, 'packages/ipnsup/bin/ipnsup.js') }

const cases: readonly Case[] = [
  { name: 'node -e 0', argv: ['-e', '0'], exit: 0 },
  ...(['burn', 'ipkit', 'ipnsup'] as const).flatMap((tool): Case[] => [
    { name: `${tool} --help`, argv: [script[tool], '--help'], exit: 0, limit: { ratio: 1.25 } },
    { name: `${tool} --version`, argv: [script[tool], '--version'], exit: 0, limit: { ratio: 1.25 } },
  ]),
  // parsed to the end, and then refused: what is measured is the parsing and nothing after it
  { name: 'burn get (its link is missing)', argv: [script.burn, 'get'], exit: 2, limit: { overMs: 90 } },
  { name: 'ipnsup publish (its value is missing)', argv: [script.ipnsup, 'publish'], exit: 2, limit: { overMs: 90 } },
  { name: 'ipkit contacts add (its name is missing)', argv: [script.ipkit, 'contacts', 'add'], exit: 2, limit: { overMs: 90 } },
]

const folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-bench-'))
try {
  mkdirSync(path.join(folder, '.cache')) // where compiled code is kept
  const env = { PATH: process.env['PATH'], HOME: folder, IPKIT_HOME: path.join(folder, 'home') }
  const taken = timeStarts(cases, rounds, folder, env)
  const bare = taken.get('node -e 0')!
  for (const { name, limit } of cases) {
    const runs = taken.get(name)!
    const ratio = median(runs.map((t, i) => t.cpuMs / bare[i]!.cpuMs))
    const overMs = median(runs.map((t, i) => t.cpuMs - bare[i]!.cpuMs))
    const judged = limit === undefined ? {} : { limit, within: 'ratio' in limit ? ratio <= limit.ratio : overMs <= limit.overMs }
    print({ bench: 'startup', case: name, cpuMs: round1(median(runs.map(t => t.cpuMs))), wallMs: round1(median(runs.map(t => t.wallMs))), ratio: round2(ratio), overMs: round1(overMs), ...judged, rounds, node: process.version })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
