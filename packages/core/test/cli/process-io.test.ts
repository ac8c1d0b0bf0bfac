import { execFileSync, spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'

const root = path.resolve(import.meta.dirname, '../../../..')
let dir: string
let tool: string
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ipkit-process-'))
  tool = path.join(dir, 'tool.mjs')
  execFileSync(path.join(root, 'node_modules/.bin/esbuild'), [
    path.join(import.meta.dirname, 'process-tool.ts'), `--outfile=${tool}`, '--bundle', '--platform=node', '--target=node20', '--format=esm', '--log-level=error',
    "--banner:js=import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  ], { stdio: ['ignore', 'ignore', 'inherit'] })
})
afterAll(() => { rmSync(dir, { recursive: true, force: true }) })

const run = (args: readonly string[], input: Uint8Array = new Uint8Array()): ReturnType<typeof spawnSync> => spawnSync(process.execPath, [tool, ...args], { cwd: dir, input, maxBuffer: 1e9 })
const start = (args: readonly string[]): ChildProcessWithoutNullStreams => spawn(process.execPath, [tool, ...args], { cwd: dir })
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('a command that waits for nothing is a bug and no success', () => {
  const { status, stdout, stderr } = run(['forget'])
  expect([status, String(stdout), String(stderr)]).toEqual([70, '', expect.stringContaining('tool: this is a bug in tool; please report it, with the lines below and what you did\nthe process ended before its command did\n')])
})

test('what nobody catches is a bug', () => {
  const { status, stderr } = run(['stray'])
  expect([status, String(stderr)]).toEqual([70, expect.stringMatching(/^tool: this is a bug in tool; [^]*Error: nobody catches this\n/u)])
})

testWithProgram('script')('a text typed at the terminal after a question, and a question after its end', async () => {
  const child = spawn('script', ['-qec', `'${process.execPath}' '${tool}' ask --json`, '/dev/null'], { cwd: dir })
  const answers: [RegExp, string][] = [[/before: $/u, 'one\r'], [/before: \r?\n$/u, 'a\r'], [/a\r\n$/u, 'b\r'], [/b\r\n$/u, '\u0004'], [/after: $/u, 'two\r']]
  let shown = ''
  for await (const chunk of child.stdout) {
    shown += String(chunk)
    if (answers[0]?.[0].test(shown) === true) child.stdin.write(answers.shift()![1])
  }
  expect(shown).toContain('{"before":"one","typed":"a\\nb\\n","after":"two"}')
})

test('the second ^C kills a command that does not listen', async () => {
  const child = start(['deaf'])
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  while (child.signalCode === null) { child.kill('SIGINT'); await new Promise(resolve => { setTimeout(resolve, 20) }) }
  expect(child.signalCode).toBe('SIGINT')
})

test('many bytes arrive whole, at a slow reader too', async () => {
  const child = start(['bytes', '20000000'])
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of child.stdout) {
    hash.update(chunk as Uint8Array)
    sizeBytes += (chunk as Uint8Array).length
    if (sizeBytes < 1_000_000) await new Promise(resolve => { setTimeout(resolve, 5) })
  }
  const expected = createHash('sha256')
  for (let left = 20_000_000; left > 0; left -= 65_536) expected.update(new Uint8Array(Math.min(left, 65_536)).fill(left & 0xff))
  expect([sizeBytes, hash.digest('hex')]).toEqual([20_000_000, expected.digest('hex')])
})

test('a reader that leaves in the middle of bytes: exit 1 without a word', async () => {
  const child = start(['bytes', '50000000'])
  let stderr = ''
  child.stderr.on('data', chunk => { stderr += String(chunk) })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect([await once(child, 'close'), stderr]).toEqual([[1, null], ''])
})

test('stdin goes through unchanged, and an empty one is empty', () => {
  const bytes = randomBytes(3_000_000)
  const { status, stdout } = run(['echo'], bytes)
  expect([status, sha256(stdout as Buffer)]).toEqual([0, sha256(bytes)])
  expect(run(['echo'])).toMatchObject({ status: 0, stdout: Buffer.alloc(0) })
})

test('^C while stdin is read ends the command', async () => {
  const child = start(['echo'])
  child.stdin.write('x')
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([130, null])
})

test('a file is copied whole, and nothing lies beside it', () => {
  const bytes = randomBytes(2_500_000)
  writeFileSync(path.join(dir, 'from'), bytes)
  expect(run(['cat', 'from', 'to']).status).toBe(0)
  expect(sha256(readFileSync(path.join(dir, 'to')))).toBe(sha256(bytes))
  expect(readdirSync(dir).sort()).toEqual(['from', 'to', 'tool.mjs'])
})
