import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { launchdSchedule, systemdSchedule } from '../../src/domain/auto-schedule.ts'

const RUN = { node: '/usr/bin/node', script: '/usr/lib/node_modules/ipfsup/bin/ipfsup.js', home: '/home/ann/.ipfsup', ipfsPath: '/home/ann/.ipfs' }
const AWKWARD = { node: '/opt/no de/bin/node', script: '/opt/100%/"x"/ipfsup.js', home: '/home/$USER/a\\b & <c>', ipfsPath: '/it\'s %h' }

test.each([
  ['auto-systemd', systemdSchedule(RUN, '/home/ann/.config/systemd/user', 'ipfsup-auto')],
  ['auto-systemd-awkward', systemdSchedule(AWKWARD, '/home/ann/.config/systemd/user', 'ipfsup-auto-12345678')],
  ['auto-launchd', launchdSchedule(RUN, '/Users/ann/Library/LaunchAgents', 'io.ipkit.ipfsup-auto', 501)],
  ['auto-launchd-awkward', launchdSchedule(AWKWARD, '/Users/ann/Library/LaunchAgents', 'io.ipkit.ipfsup-auto-12345678', 501)],
])('%s', async (name, plan) => {
  const text = `${[...plan.enable, ...plan.disable, ...plan.afterwards].map(words => words.join(' ')).join('\n')}\n${plan.files.map(({ file, content }) => `--- ${file}\n${content}`).join('')}`
  expect(plan.files.map(({ file }) => file)).toContain(plan.file)
  expect(text).toBe(await golden(import.meta.url, name, text))
})

testWithProgram('systemd-analyze')('systemd takes the units', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ipfsup-units-'))
  try {
    for (const run of [RUN, AWKWARD]) {
      const { files } = systemdSchedule({ ...run, node: process.execPath }, folder, 'ipfsup-auto')
      for (const { file, content } of files) writeFileSync(file, content)
      expect(execFileSync('systemd-analyze', ['verify', '--user', '--man=no', ...files.map(({ file }) => file)], { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, XDG_RUNTIME_DIR: folder } })).toBe('')
    }
    expect(execFileSync('systemd-analyze', ['calendar', '0/6:00'], { encoding: 'utf8' })).toContain('00/6:00:00')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
