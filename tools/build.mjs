// Builds every package that has something to build. turbo runs each package's `build` script and keeps what has not changed; it says
// nothing unless something fails, and nothing to its maker.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { root } from './find-scripts.mjs'

const run = spawnSync(path.join(root, 'node_modules/.bin/turbo'), ['run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)], {
  cwd: root, encoding: 'utf8', env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
})
if (run.status !== 0) process.stderr.write(`${run.error ?? ''}${run.stdout}${run.stderr}`)
process.exitCode = run.status ?? 1
