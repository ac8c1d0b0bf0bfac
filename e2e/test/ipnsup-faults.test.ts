import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { Person } from '@ipkit/testkit/person'
import { seededRandom } from '@ipkit/testkit/seeded-random'

const ROUNDS = 25
interface Record { name: string, value: string, sequence: string }

let folder: string
let alice: Person
beforeEach(async () => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-names-')); alice = await Person.in(folder, 'alice') })
afterEach(async () => { await alice[Symbol.asyncDispose](); rmSync(folder, { recursive: true, force: true }) }, 60_000)

test(`${ROUNDS} publishes with a kill -9 of the node somewhere: no sequence has two values, and what was said to be published is`, async () => {
  const random = seededRandom(7)
  const { name } = await alice.json<Record>('ipnsup', ['publish', '/ipfs/bafkqaaa'])
  const values = new Map<string, string>()
  let killed = 0
  for (let round = 0; round < ROUNDS; round++) {
    const value = `/ipfs/bafkqaddwgevxmmraojswg33smq/${round}`
    await alice.run('ipkit', ['start']) // else the kill would fall into its start
    const pids = nodeProcesses(alice.home)
    const publishing = alice.run('ipnsup', ['publish', value, '--json'])
    await sleep(random.below(150))
    for (const pid of pids) try { process.kill(pid, 'SIGKILL'); killed++ } catch { /* gone by itself */ }
    const { exit, stdout } = await publishing
    const now = await alice.json<Record>('ipnsup', ['resolve', name, '--offline'])
    const said = exit === 0 ? JSON.parse(stdout) as Record : undefined
    for (const record of [now, ...said === undefined ? [] : [said]]) {
      expect([record.sequence, values.get(record.sequence) ?? record.value]).toEqual([record.sequence, record.value])
      values.set(record.sequence, record.value)
    }
    if (said !== undefined) expect(BigInt(now.sequence) >= BigInt(said.sequence)).toBe(true)
  }
  expect(killed).toBeGreaterThan(ROUNDS / 2)
  expect(values.size).toBeGreaterThan(2)
}, ROUNDS * 30_000)
