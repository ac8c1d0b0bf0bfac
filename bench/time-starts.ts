/** Times starts of node in turns, so that a busy moment hits all of them, by CPU time: on a machine that has other work, time on the wall says little. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'

export interface Start { readonly name: string, readonly argv: readonly string[], readonly exit: number, readonly before?: () => void }
export interface Taken { readonly cpuMs: number, readonly wallMs: number }

const WARM_UP_ROUNDS = 2
/** User and system time of the process itself; that of a node it leaves behind is not in it. */
const TELL_CPU_TIME = "process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeSync(3, String(user + system)) })\n"

/** @param folder for a file of its own @returns by name, what each round took */
export function timeStarts (starts: readonly Start[], rounds: number, folder: string, env: Readonly<Record<string, string | undefined>>): Map<string, Taken[]> {
  const hook = path.join(folder, 'tell-cpu-time.cjs')
  writeFileSync(hook, TELL_CPU_TIME)
  const taken = new Map(starts.map(s => [s.name, [] as Taken[]]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const { name, argv, exit, before } of starts) {
      before?.()
      const startMs = performance.now()
      const run = spawnSync(process.execPath, ['--require', hook, ...argv], { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], encoding: 'utf8' })
      const wallMs = performance.now() - startMs
      if (run.status !== exit) throw new Error(`${name} ended with ${String(run.status)}: ${run.stderr}`)
      if (round >= 0) taken.get(name)!.push({ cpuMs: Number(run.output[3]) / 1000, wallMs })
    }
  }
  return taken
}

export function median (values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

export const round1 = (value: number): number => Math.round(value * 10) / 10
export const round2 = (value: number): number => Math.round(value * 100) / 100

export function print (line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
