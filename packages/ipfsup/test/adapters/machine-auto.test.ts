import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { codeOf } from '@ipkit/core/errors/code-of'
import { machineAuto } from '../../src/adapters/machine-auto.ts'
import type { Auto } from '../../src/domain/auto.ts'

const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 0, 15, 12)

interface Facts { readonly on?: boolean, readonly checkedMs?: number, readonly platform?: string, readonly home?: string, readonly env?: Readonly<Record<string, string>> }

/** A machine whose service manager only notes what it is asked. */
class Machine implements Disposable {
  readonly dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'ipfsup-auto-')))
  readonly asked: string[] = []
  readonly script = path.join(this.dir, 'ipfsup.js')
  answer: 'ok' | 'missing' | { readonly failed: string } = 'ok'

  auto ({ on = true, checkedMs, platform = 'linux', home = path.join(this.dir, '.ipfsup'), env = {} }: Facts = {}): Auto {
    return machineAuto({
      place: { home, ipfsPath: path.join(this.dir, '.ipfs'), releases: '', jsRepo: '', platform: { os: 'linux', arch: 'amd64' } },
      state: { auto: async () => on, checkedMs: async () => checkedMs },
      clock: { now: () => NOW_MS },
      host: { platform, euid: 501, egid: 501, pid: 1, execPath: process.execPath, userHome: this.dir },
      env: { HOME: this.dir, ...env },
      script: this.script,
      run: async words => { this.asked.push(words.join(' ')); return this.answer },
    })
  }

  [Symbol.dispose] (): void { rmSync(this.dir, { recursive: true, force: true }) }
}

test('on writes the units and enables the timer, off takes both back', async () => {
  using machine = new Machine()
  const file = path.join(machine.dir, '.config/systemd/user/ipfsup-auto.timer')
  expect(await machine.auto().scheduled()).toBe(undefined)
  expect(await machine.auto().schedule(true)).toEqual({ scheduler: 'systemd', file })
  expect(machine.asked.splice(0)).toEqual(['systemctl --user daemon-reload', 'systemctl --user enable --now ipfsup-auto.timer'])
  expect(readFileSync(file.replace('.timer', '.service'), 'utf8')).toContain(`ExecStart="${process.execPath}" "${machine.script}" "auto" "run"\nEnvironment="IPFSUP_HOME=${machine.dir}/.ipfsup"\nEnvironment="IPFS_PATH=${machine.dir}/.ipfs"\n`)
  expect(statSync(file).mode & 0o777).toBe(0o644)
  expect(await machine.auto().scheduled()).toEqual({ scheduler: 'systemd', file })
  expect(await machine.auto().schedule(false)).toEqual({ scheduler: 'systemd', file })
  expect(machine.asked.splice(0)).toEqual(['systemctl --user disable --now ipfsup-auto.timer', 'systemctl --user daemon-reload'])
  expect([existsSync(file), existsSync(file.replace('.timer', '.service'))]).toEqual([false, false])
  expect(await machine.auto().schedule(false)).toBe(undefined)
  expect(machine.asked).toEqual([])
})

test('where there is no service manager, or it fails, nothing is left that looks as if it were on', async () => {
  for (const answer of ['missing', { failed: 'Failed to connect to bus' }] as const) {
    using machine = new Machine()
    machine.answer = answer
    expect(await machine.auto().schedule(true)).toBe(undefined)
    expect(await machine.auto().scheduled()).toBe(undefined)
  }
})

test('macOS has launchd, another home another name, and a line end no unit', async () => {
  using machine = new Machine()
  const file = path.join(machine.dir, 'Library/LaunchAgents/io.ipkit.ipfsup-auto.plist')
  expect(await machine.auto({ platform: 'darwin' }).schedule(true)).toEqual({ scheduler: 'launchd', file })
  expect(machine.asked).toEqual(['launchctl bootout gui/501/io.ipkit.ipfsup-auto', `launchctl bootstrap gui/501 ${file}`])
  expect((await machine.auto({ home: '/srv/ipfsup', env: { XDG_CONFIG_HOME: path.join(machine.dir, 'x') } }).schedule(true))?.file).toMatch(/\/x\/systemd\/user\/ipfsup-auto-[0-9a-f]{8}\.timer$/)
  expect(await machine.auto({ home: '/a\nb' }).schedule(true).catch(codeOf)).toBe('HOME_UNUSABLE')
})

test('a look in the background, at most once a day, and only where auto is on', async () => {
  using machine = new Machine()
  const told = path.join(machine.dir, 'told')
  writeFileSync(machine.script, `require('node:fs').writeFileSync(${JSON.stringify(`${told}.tmp`)}, JSON.stringify([process.argv.slice(2), process.env.IPFSUP_HOME, process.env.IPFS_PATH, process.cwd(), process.ppid]))\nrequire('node:fs').renameSync(${JSON.stringify(`${told}.tmp`)}, ${JSON.stringify(told)})\n`)
  const ran = async (facts: Facts, patienceMs: number): Promise<boolean> => {
    rmSync(told, { force: true })
    await machine.auto({ ...facts, home: machine.dir }).runBehind()
    for (let waited = 0; waited < patienceMs && !existsSync(told); waited += 20) await wait(20)
    return existsSync(told)
  }
  expect(await ran({}, 60_000)).toBe(true)
  expect(JSON.parse(readFileSync(told, 'utf8'))).toEqual([['auto', 'run'], machine.dir, path.join(machine.dir, '.ipfs'), machine.dir, expect.any(Number)])
  expect(await ran({ checkedMs: NOW_MS - 25 * HOUR_MS }, 60_000)).toBe(true)
  expect(await ran({ checkedMs: NOW_MS + HOUR_MS }, 60_000)).toBe(true) // a clock that was set back
  for (const facts of [{ on: false }, { checkedMs: NOW_MS - 23 * HOUR_MS }, { checkedMs: NOW_MS }]) expect(await ran(facts, 400)).toBe(false)
})
