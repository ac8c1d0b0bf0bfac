import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

/** A process that runs a release and ends as ipfsup does, so that signals and streams are real. */
const MAIN = `
import { releasePrograms } from ${JSON.stringify(fileURLToPath(new URL('../../src/adapters/run-release.ts', import.meta.url)))}
const [program, lang, terminal, ...args] = process.argv.slice(2)
const programs = releasePrograms({ env: process.env, place: { ipfsPath: '/repo' }, onTerminal: () => terminal === 'terminal' })
try {
  process.exitCode = await programs.run({ program, version: { lang, semver: '1.0.0' } }, args)
} catch (e) { console.log(e.code, e.message); process.exitCode = 99 }
`

let folder: string
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ipfsup-run-')))
  await build({ stdin: { contents: MAIN, resolveDir: path.dirname(fileURLToPath(import.meta.url)), loader: 'ts' }, outfile: path.join(folder, 'main.mjs'), bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
  writeFileSync(path.join(folder, 'release'), `#!/bin/sh
case $1 in
  exit) exit "$2" ;;
  die) kill -"$2" $$; sleep 5 ;;
  env) echo "$IPFS_PATH $IPFSUP_ROOT $IPFSUP_DEPTH"; cat; printf '<%s>' "$@" ;;
  wait) n=0; for s in INT TERM HUP USR1 QUIT; do trap "echo got $s; n=\\$((n + 1))" $s; done; echo ready; while [ $n -lt 3 ] && [ -e "$0" ]; do sleep 0.02; done ;;
esac
`, { mode: 0o755 })
})
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

function start (args: readonly string[], { program = path.join(folder, 'release'), lang = 'go', terminal = 'pipe' } = {}): { readonly child: ChildProcess, said(): string, readonly ended: Promise<number | null> } {
  const child = spawn(process.execPath, [path.join(folder, 'main.mjs'), program, lang, terminal, ...args], { env: { PATH: process.env['PATH'] ?? '' }, stdio: ['pipe', 'pipe', 'inherit'] })
  let said = ''
  child.stdout!.on('data', chunk => { said += String(chunk) })
  return { child, said: () => said, ended: once(child, 'close').then(([code]) => code as number | null) }
}

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => { setTimeout(resolve, 10) })
}

describe('a release that ipfsup runs', () => {
  test.each([[['exit', '0'], 0], [['exit', '42'], 42], [['die', 'TERM'], 143], [['die', 'KILL'], 137], [['die', 'INT'], 130]])('%j ends with %i', async (args, code) => {
    expect(await start(args).ended).toBe(code)
  })

  test('has our streams, its arguments, and the environment that the shim gives', async () => {
    const go = start(['env', 'a b', ''])
    go.child.stdin!.end('from stdin\n')
    expect([await go.ended, go.said()]).toEqual([0, '  1\nfrom stdin\n<env><a b><>'])
    const js = start(['env'], { lang: 'js' })
    js.child.stdin!.end()
    expect([await js.ended, js.said()]).toEqual([0, '/repo/js-repo /repo 1\n<env>'])
  })

  test('gets the signals that we get', async () => {
    const run = start(['wait'])
    await until(() => run.said().includes('ready'))
    for (const signal of ['SIGINT', 'SIGUSR1', 'SIGTERM'] as const) {
      run.child.kill(signal)
      await until(() => run.said().includes(`got ${signal.slice(3)}`))
    }
    await run.ended
    expect(run.said()).toBe('ready\ngot INT\ngot USR1\ngot TERM\n')
  })

  test('gets ^C from the terminal alone, and everything else from us', async () => {
    const run = start(['wait'], { terminal: 'terminal' })
    await until(() => run.said().includes('ready'))
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) run.child.kill(signal)
    for (const signal of ['SIGUSR1', 'SIGTERM', 'SIGUSR1'] as const) {
      const before = run.said().length
      run.child.kill(signal)
      await until(() => run.said().length > before)
    }
    await run.ended
    expect(run.said()).toBe('ready\ngot USR1\ngot TERM\ngot USR1\n')
  })

  test('that cannot be started is told', async () => {
    const missing = start([], { program: path.join(folder, 'missing') })
    expect([await missing.ended, missing.said()]).toEqual([99, `PROGRAM_FAILED ${folder}/missing cannot be run: ENOENT\n`])
    const plain = path.join(folder, 'plain')
    writeFileSync(plain, 'x', { mode: 0o644 })
    const refused = start([], { program: plain })
    expect([await refused.ended, refused.said()]).toEqual([99, `PROGRAM_FAILED ${plain} cannot be run: EACCES\n`])
  })
})
