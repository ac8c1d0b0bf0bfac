import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { pathsIn } from '@ipkit/core/config/app-paths'
import { systemdWord } from '@ipkit/core/service-manager/unit-text'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { launchdPlan, systemdPlan, type Autostart } from '../src/domain/autostart.ts'
import { systemAutostart } from '../src/adapters/system-autostart.ts'
import { inHome } from './in-home.ts'

const NODE = { execPath: '/usr/bin/node', nodeMain: '/usr/lib/node_modules/burn-cli/dist/node-main.js', home: '/home/ann/.local/share/ipkit', passphraseFile: undefined }
const AWKWARD = { execPath: '/opt/no de/bin/node', nodeMain: '/opt/100%/"x"/node-main.js', home: '/home/$USER/a\\b & <c>', passphraseFile: '/home/ann/pass phrase' }

test.each([
  ['systemd-unit', systemdPlan(NODE, '/home/ann/.config/systemd/user', 'ipkit')],
  ['systemd-unit-awkward', systemdPlan(AWKWARD, '/home/ann/.config/systemd/user', 'ipkit-12345678')],
  ['launchd-plist', launchdPlan(NODE, '/Users/ann/Library/LaunchAgents', 'io.ipkit.node', 501)],
  ['launchd-plist-awkward', launchdPlan(AWKWARD, '/Users/ann/Library/LaunchAgents', 'io.ipkit.node-12345678', 501)],
])('%s', async (name, plan) => {
  const text = `${plan.file}\n${[...plan.enable, ...plan.disable, ...plan.afterwards].map(words => words.join(' ')).join('\n')}\n---\n${plan.content}`
  expect(text).toBe(await golden(import.meta.url, name, text))
})

test('a word of a unit file is quoted as systemd reads it', () => {
  expect(systemdWord('a b')).toBe('"a b"')
  expect(systemdWord('$HOME "50%" \\')).toBe('"$$HOME \\"50%%\\" \\\\"')
})

testWithProgram('systemd-analyze')('systemd takes the unit', () => {
  using home = inHome()
  const file = path.join(home.dir, 'ipkit.service')
  writeFileSync(file, systemdPlan({ ...NODE, execPath: process.execPath, home: home.dir }, home.dir, 'ipkit').content)
  expect(execFileSync('systemd-analyze', ['verify', '--user', '--man=no', file], { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, XDG_RUNTIME_DIR: home.dir } })).toBe('')
})

/** The real files, and a service manager that only notes what it is asked. */
function recording (home: ReturnType<typeof inHome>, answer: Awaited<ReturnType<Autostart['run']>> = 'ok', platform = 'linux'): { readonly autostart: Autostart, readonly ran: string[] } {
  const ran: string[] = []
  const host = { platform, euid: 501, egid: 501, pid: 1, execPath: '/usr/bin/node', userHome: home.dir }
  const autostart = systemAutostart({ paths: pathsIn(path.join(home.dir, '.local/share/ipkit')), host, env: { HOME: home.dir }, nodeMain: '/lib/node-main.js', run: async words => { ran.push(words.join(' ')); return answer } })
  return { autostart, ran }
}

describe('ipkit autostart', () => {
  test('on writes the unit and enables it, off takes both back', async () => {
    using home = inHome()
    const { autostart, ran } = recording(home)
    const deps = { autostart: async () => autostart }
    const file = path.join(home.dir, '.config/systemd/user/ipkit.service')
    expect(await home.run(['autostart', '--json'], { deps })).toMatchObject({ exit: 0, stdout: '{"on":false,"manager":"systemd","file":"<dir>/.config/systemd/user/ipkit.service","outdated":false}\n' })
    expect(await home.run(['autostart', 'on'], { deps })).toMatchObject({ exit: 0, stdout: 'on: <dir>/.config/systemd/user/ipkit.service\n' })
    expect(readFileSync(file, 'utf8')).toBe(autostart.plan.content)
    expect(statSync(file).mode & 0o777).toBe(0o644)
    expect(ran.splice(0)).toEqual(['systemctl --user daemon-reload', 'systemctl --user enable ipkit.service'])
    expect((await home.run(['autostart'], { deps })).stdout).toBe('on: <dir>/.config/systemd/user/ipkit.service\n')
    writeFileSync(file, '# of an older version')
    expect(await home.run(['autostart', '--json'], { deps })).toMatchObject({ stdout: expect.stringContaining('"outdated":true') as unknown, stderr: expect.stringContaining('AUTOSTART_OUTDATED') as unknown })
    expect(await home.run(['autostart', 'off'], { deps })).toMatchObject({ exit: 0 })
    expect(existsSync(file)).toBe(false)
    expect(ran).toEqual(['systemctl --user disable ipkit.service', 'systemctl --user daemon-reload'])
    expect(await home.run(['autostart', 'off'], { deps })).toMatchObject({ exit: 0, stdout: 'off, as it was\n' })
  })

  test('where there is no service manager the file stands, and it says what to run', async () => {
    using home = inHome()
    const { autostart } = recording(home, 'missing')
    expect(await home.run(['autostart', 'on', '-q'], { deps: { autostart: async () => autostart } })).toMatchObject({ exit: 3, stderr: 'ipkit: warning: there is no systemctl here; where there is one, run: systemctl --user daemon-reload\n' })
    expect(await autostart.current()).toBe(autostart.plan.content)
  })

  test('a service manager that fails is partly done', async () => {
    using home = inHome()
    const { autostart } = recording(home, { failed: 'Failed to connect to bus' })
    expect(await home.run(['autostart', 'on', '-q'], { deps: { autostart: async () => autostart } })).toMatchObject({ exit: 3, stderr: "ipkit: warning: 'systemctl --user daemon-reload' failed: Failed to connect to bus\n" })
  })

  test('another home has another name, macOS another manager', () => {
    using home = inHome()
    expect(recording(home, 'ok', 'darwin').autostart.plan.file).toMatch(/Library\/LaunchAgents\/io\.ipkit\.node-[0-9a-f]{8}\.plist$/u) // .local/share is not macOS's place
    const host = { platform: 'linux', euid: 501, egid: 501, pid: 1, execPath: '/usr/bin/node', userHome: home.dir }
    const other = systemAutostart({ paths: pathsIn('/srv/ipkit'), host, env: { HOME: home.dir, XDG_CONFIG_HOME: '/x/config', IPKIT_PASSPHRASE_FILE: '/x/pass' }, nodeMain: '/lib/node-main.js' })
    expect(other.plan.file).toMatch(/^\/x\/config\/systemd\/user\/ipkit-[0-9a-f]{8}\.service$/u)
    expect(other.plan.content).toContain('Environment="IPKIT_PASSPHRASE_FILE=/x/pass"\n')
  })
})
