import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { logLineText, readLogTail } from '@ipkit/core/daemon/log-tail'
import { openNodeLog } from '@ipkit/core/daemon/node-log'
import { RotatingLog } from '@ipkit/core/daemon/rotating-log'

let dir: string
let file: string
beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-log-')); file = path.join(dir, 'node.log') })
afterEach(() => { rmSync(dir, { recursive: true }) })

test('lines are JSON with time and level, private to the user, and without what is secret', () => {
  const echoed: string[] = []
  const log = openNodeLog(file, 'info', line => { echoed.push(line) })
  log.debug('not this')
  log.info('ready', { pid: 1, link: 'ipfs://x#secret', inner: { passphrase: 'hunter2' } })
  log.child('burn').warn('slow', { ms: 5 })
  log.close()
  const lines = readFileSync(file, 'utf8').trim().split('\n').map(l => JSON.parse(l) as Record<string, unknown>)
  expect(lines).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), pid: 1, link: '[hidden]', inner: { passphrase: '[hidden]' }, msg: 'ready' },
    { level: 'warn', time: expect.any(String), service: 'burn', ms: 5, msg: 'slow' },
  ])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(echoed[1]).toMatch(/^\S+ warn: slow service=burn ms=5\n$/)
})

test('a log at its limit moves aside in place of the one before, and an old one is gone on with', () => {
  writeFileSync(file, 'before\n')
  const log = new RotatingLog(file, 20)
  for (let i = 0; i < 2; i++) log.write(`line ${i}\n`)
  log.write('line 2\n')
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('before\nline 0\nline 1\n')
  for (let i = 3; i < 6; i++) log.write(`line ${i}\n`)
  log.close()
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('line 2\nline 3\nline 4\n')
  expect(readFileSync(file, 'utf8')).toBe('line 5\n')
})

test('a log that cannot be written loses lines and nothing else', () => {
  const log = new RotatingLog(path.join(dir, 'missing', 'node.log'), 100)
  expect(() => { log.write('x\n'); log.close() }).not.toThrow()
  expect(existsSync(path.join(dir, 'missing'))).toBe(false)
})

test('the end of a log, as people read it', () => {
  expect(readLogTail(file, 3)).toEqual([])
  writeFileSync(file, `${'x'.repeat(5000)}\n{"level":"info","time":"T","msg":"a"}\nplain\n{"level":"error","time":"T","error":"Error: no\\n  at x","msg":"b"}\n`)
  expect(readLogTail(file, 2)).toEqual(['plain', 'T error: b error=Error: no'])
  expect(readLogTail(file, 9)).toEqual(['T info: a', 'plain', 'T error: b error=Error: no'])
  expect(logLineText('')).toBe('')
})
