import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

const root = path.resolve(import.meta.dirname, '../..')
let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-tools-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })

const run = (tool: string, ...args: string[]): { exit: number | null, stdout: string } => {
  const { status, stdout } = spawnSync(process.execPath, [path.join(root, 'tools', tool), ...args], { encoding: 'utf8', cwd: folder })
  return { exit: status, stdout }
}

describe('the count of .ci/run', () => {
  const result = { numPassedTests: 3, numFailedTests: 0, numRuntimeErrorTestSuites: 0, numPendingTests: 0, numTodoTests: 0 }
  test.each([
    ['all passed', result, 0, '3 passed, 0 failed\n'],
    ['some skipped', { ...result, numPendingTests: 2 }, 0, '3 passed, 0 failed, 2 skipped\n'],
    ['one failed', { ...result, numFailedTests: 1 }, 1, '3 passed, 1 failed\n'],
    ['a file that could not be loaded', { ...result, numRuntimeErrorTestSuites: 1 }, 1, '3 passed, 1 failed\n'],
    ['nothing ran', { ...result, numPassedTests: 0 }, 1, '0 passed, 0 failed\n'],
  ])('%s', (_title, json, exit, stdout) => {
    writeFileSync(path.join(folder, 'result.json'), JSON.stringify(json))
    expect(run('test-count.mjs', path.join(folder, 'result.json'))).toEqual({ exit, stdout })
  })

  test('jest left no result', () => {
    expect(run('test-count.mjs', path.join(folder, 'result.json'))).toEqual({ exit: 1, stdout: '0 passed, 1 failed\n' })
  })
})

test('a TypeScript script runs with our sources, its own address and its arguments', () => {
  const script = path.join(folder, 'a script.ts')
  writeFileSync(script, `
    import { AppError } from '${path.join(root, 'packages/core/src/errors/app-error.ts')}'
    const said: string = new AppError('A', 'b').code
    console.log(JSON.stringify([said, import.meta.url, import.meta.dirname, 'import.meta.url', process.argv.slice(1)]))`)
  const { stdout, exit } = run('run-ts.mjs', script, 'x', 'y')
  expect([exit, JSON.parse(stdout)]).toEqual([0, ['A', pathToFileURL(script).href, folder, 'import.meta.url', [script, 'x', 'y']]])
})
