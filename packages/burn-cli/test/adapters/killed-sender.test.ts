import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { build } from 'esbuild'

const SECRET = 'd5'.repeat(32)
let built: string
let child: string
let dir: string
beforeAll(async () => {
  built = await fs.mkdtemp(path.join(os.tmpdir(), 'burn-killed-'))
  child = path.join(built, 'sender.mjs')
  await build({ entryPoints: [path.join(import.meta.dirname, 'killed-sender.ts')], outfile: child, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' })
})
afterAll(async () => { await fs.rm(built, { recursive: true }) })
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'burn-killed-data-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

/** @returns what left the process before it ended, or was killed */
function run (work: string, at = -1): { lines: string[], killed: boolean } {
  const { stdout, stderr, signal, status } = spawnSync(process.execPath, [child, dir, work, String(at)], { encoding: 'utf8' })
  if (signal === null && status !== 0) throw new Error(stderr)
  return { lines: stdout.trim().split('\n').filter(l => l !== 'open' && l !== ''), killed: signal === 'SIGKILL' }
}
const steps = (lines: string[]): number => Number(lines.at(-1)!.replace('steps ', ''))
const clean = async (): Promise<void> => { for (const name of await fs.readdir(dir)) await fs.rm(path.join(dir, name), { recursive: true }) }
const answers = (lines: string[]): string[] => lines.filter(l => l.endsWith(SECRET)).map(l => l.split(' ')[0]!)

test('SIGKILL at every step of an add: whole and claimable afterwards, or nothing left', async () => {
  const total = steps(run('add').lines)
  let whole = 0
  for (let at = 0; at < total; at++) {
    await clean()
    const { lines, killed } = run('add', at)
    expect(killed).toBe(true)
    const after = run('claim').lines
    if (lines.includes('added') || answers(after).length > 0) { whole++; expect(after.slice(0, 2)).toEqual([`10 ${SECRET}`, 'done']) } else {
      expect(after[0]).toBe('10 unknown')
      expect(await fs.readdir(path.join(dir, 'messages'))).toEqual([])
    }
  }
  expect(whole).toBeGreaterThan(0)
})

test('SIGKILL at every step of a claim and its ack: the message is claimable, or claimed by that reader alone, who gets it again', async () => {
  run('add')
  const added = path.join(built, 'added')
  await fs.cp(dir, added, { recursive: true })
  const total = steps(run('claim').lines)
  const seen = new Set<string>()
  for (let at = 0; at < total; at++) {
    await clean()
    await fs.cp(added, dir, { recursive: true })
    const before = run('claim', at)
    expect(before.killed).toBe(true)
    const race = run('race').lines // eight others come first
    const again = run('claim').lines // and then the reader comes back
    const holders = new Set([...answers(before.lines), ...answers(race), ...answers(again)])
    expect(holders.size).toBe(1) // never two, and never lost
    if (answers(before.lines).length > 0) expect(race.filter(l => /^\d+ (claimed|read)$/.test(l)).length).toBe(8)
    seen.add([...holders][0] === '10' ? 'the reader' : 'another')
  }
  expect([...seen].toSorted()).toEqual(['another', 'the reader'])
})
