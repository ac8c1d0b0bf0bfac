/** Publishes while the node is killed with -9 somewhere: in one home, so that every round stands on what the ones before left. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { Person } from '@ipkit/testkit/person'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'

interface Told { readonly name: string, readonly value: string, readonly sequence: string }

/** A publish of a node that runs takes about as long. */
const LONGEST_MS = 150
let scene: Promise<{ readonly folder: string, readonly alice: Person, readonly name: string }> | undefined
/** What each sequence was seen to say. */
const values = new Map<string, string>()
export const tally = { killed: 0, said: 0, taken: 0 }

export const soak: SoakPlan = {
  name: 'publish-kills',
  rounds: 500,
  async round (seed) {
    const { alice, name } = await (scene ??= begin())
    const random = seededRandom(seed)
    const value = `/ipfs/bafkqaddwgevxmmraojswg33smq/${seed}`
    await alice.run('ipkit', ['start']) // else the kill would fall into its start
    const pids = nodeProcesses(alice.home)
    const publishing = alice.run('ipnsup', ['publish', value, '--json'])
    await sleep(random.below(LONGEST_MS))
    for (const pid of pids) try { process.kill(pid, 'SIGKILL'); tally.killed++ } catch { /* gone by itself */ }
    const { exit, stdout } = await publishing
    const said = exit === 0 ? JSON.parse(stdout) as Told : undefined
    const now = await alice.json<Told>('ipnsup', ['resolve', name, '--offline'])
    for (const told of said === undefined ? [now] : [now, said]) {
      const before = values.get(told.sequence)
      if (before !== undefined && before !== told.value) throw new Error(`sequence ${told.sequence} said ${before}, and then ${told.value}`)
      values.set(told.sequence, told.value)
    }
    if (said !== undefined && BigInt(now.sequence) < BigInt(said.sequence)) throw new Error(`sequence ${said.sequence} was said to be published, and now it is ${now.sequence}`)
    if (said !== undefined) tally.said++
    tally.taken = values.size
  },
  end: cleanUp,
}

async function begin (): Promise<{ folder: string, alice: Person, name: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-names-'))
  const alice = await Person.in(folder, 'alice')
  return { folder, alice, name: (await alice.json<Told>('ipnsup', ['publish', '/ipfs/bafkqaaa'])).name }
}

export async function cleanUp (): Promise<void> {
  if (scene === undefined) return
  const { folder, alice } = await scene
  scene = undefined
  await alice[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
}
