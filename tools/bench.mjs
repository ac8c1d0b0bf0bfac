// pnpm bench [name]: runs the benchmarks one after the other, each in a process of its own. They print JSON lines on stdout.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findScripts, root } from './find-scripts.mjs'

const runTs = fileURLToPath(new URL('run-ts.mjs', import.meta.url))
for (const file of findScripts('bench', process.argv[2])) {
  process.stderr.write(`# ${file}\n`)
  const run = spawnSync(process.execPath, [runTs, file, ...process.argv.slice(3)], { cwd: root, stdio: 'inherit' })
  if (run.status !== 0) process.exitCode = 1
}
