// Starts jest with the flag that native ES modules need; arguments are handed on: node tools/jest.mjs packages/core
// IPKIT_TEST_JSON names a file for jest's result, for whoever counts.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url))
const json = process.env.IPKIT_TEST_JSON
const args = [...json === undefined ? [] : ['--json', `--outputFile=${json}`], ...process.argv.slice(2)]
const run = spawnSync(process.execPath, ['--experimental-vm-modules', '--no-warnings', jest, ...args], { stdio: 'inherit' })
process.exitCode = run.status ?? 1
