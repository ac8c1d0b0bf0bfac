/**
 * Nodes that are killed with -9 while they publish, pull, collect or forget: afterwards every version that was told is given back to the byte, the store holds what it says, an output file is
 * whole or what it was, and the same command ends well.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { Person } from '@ipkit/testkit/person'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'
import { sourceText } from '@ipkit/testkit/source-text'
import { execFileSync } from 'node:child_process'
import { addressOf, type Published } from '../faults/sync-scene.ts'

const SIZE = 1_500_000
const LONGEST_MS = 1500
const VICTIMS = ['publish', 'pull', 'gc', 'forget'] as const

/** By what was killed; `tooLate` ended before. */
export const tally = { publish: 0, pull: 0, gc: 0, forget: 0, tooLate: 0 }

interface Scene { readonly folder: string, readonly ann: Person, readonly bob: Person, name: string, text: Buffer, readonly told: Map<number, Buffer> }
let scene: Promise<Scene> | undefined

export const soak: SoakPlan = {
  name: 'sync-kills',
  rounds: 200,
  async round (seed) {
    const here = await (scene ??= begin())
    const random = seededRandom(seed)
    const victim = VICTIMS[random.below(VICTIMS.length)]!
    const killAfterMs = Math.floor(random.next() ** 2 * LONGEST_MS)
    const who = victim === 'pull' ? here.bob : here.ann
    if (victim !== 'publish') await publish(here, edited(here.text, seed))
    const from = ['--from', await addressOf(here.ann)]
    const oldest = Math.min(...here.told.keys())
    const output = path.join(here.bob.folder, 'out.gz')
    const before = readIfThere(output)
    const next = packed(edited(here.text, seed + 1))
    if (victim === 'publish') writeFileSync(fileOf(here), next)
    if (victim === 'gc' && here.told.size > 3) await forget(here, oldest)
    await who.run('ipkit', ['id']) // so that a node is there to be killed
    const ran = who.run('ipfs-dedup-sync', {
      publish: ['publish', fileOf(here)],
      pull: ['pull', here.name, '-o', output, '--overwrite', ...from],
      gc: ['gc'],
      forget: ['forget', `${here.name}@${oldest}`],
    }[victim])
    const killed = sleep(killAfterMs).then(() => { for (const pid of nodeProcesses(who.home)) process.kill(pid, 'SIGKILL') })
    const { exit } = await ran
    await killed
    if (exit === 0) tally.tooLate++
    else tally[victim]++

    if (victim === 'publish') await publish(here, gunzip(next))
    if (victim === 'forget') await forget(here, oldest)
    const now = readIfThere(output)
    if (victim === 'pull' && now !== undefined && !now.equals(before ?? Buffer.alloc(0)) && !now.equals(readFileSync(fileOf(here)))) throw new Error('a pull that was killed left a file that is neither the old one nor the new one')
    await succeed(here.bob, ['pull', here.name, '-o', output, '--overwrite', '--from', await addressOf(here.ann)])
    if (!readFileSync(output).equals(readFileSync(fileOf(here)))) throw new Error('what was pulled is not what was published')
    for (const person of [here.ann, here.bob]) {
      await succeed(person, ['verify'])
      const left = readdirSync(person.folder).filter(name => name.startsWith('.'))
      if (left.length > 1) throw new Error(`left behind: ${left.join(', ')}`)
    }
    const [version, bytes] = [...here.told][random.below(here.told.size)]!
    const back = path.join(here.ann.folder, 'back')
    await succeed(here.ann, ['pull', `${here.name}@${version}`, '-o', back, '--overwrite'])
    if (!readFileSync(back).equals(bytes)) throw new Error(`version ${version} is not what it was`)
    if (here.told.size > 6) await forget(here, oldest)
    await succeed(here.ann, ['gc'])
  },
  end: cleanUp,
}

async function begin (): Promise<Scene> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-kills-'))
  const [ann, bob] = [await Person.in(folder, 'ann'), await Person.in(folder, 'bob')]
  const here: Scene = { folder, ann, bob, name: '', text: sourceText(SIZE, 1), told: new Map() }
  await publish(here, here.text)
  return here
}

async function publish (here: Scene, text: Buffer): Promise<void> {
  const bytes = packed(text)
  writeFileSync(fileOf(here), bytes)
  const { name, version } = JSON.parse(await succeed(here.ann, ['publish', fileOf(here), '--json'])) as Published
  here.name = name
  here.text = text
  here.told.set(version, bytes)
}

async function forget (here: Scene, version: number): Promise<void> {
  here.told.delete(version)
  const { exit, stderr } = await here.ann.run('ipfs-dedup-sync', ['forget', `${here.name}@${version}`])
  if (exit !== 0 && exit !== 4) throw new Error(stderr) // 4: it was forgotten before the kill
}

async function succeed (person: Person, args: readonly string[]): Promise<string> {
  const { exit, stdout, stderr } = await person.run('ipfs-dedup-sync', args)
  if (exit !== 0) throw new Error(`${args.join(' ')} ended with ${exit}: ${stderr}`)
  return stdout
}

const fileOf = (here: Scene): string => path.join(here.ann.folder, 'file.gz')
const packed = (text: Buffer): Buffer => execFileSync('gzip', ['-6'], { input: text, maxBuffer: 1e9 })
const gunzip = (bytes: Buffer): Buffer => execFileSync('gzip', ['-d'], { input: bytes, maxBuffer: 1e9 })
const readIfThere = (file: string): Buffer | undefined => { try { return readFileSync(file) } catch { return undefined } }

function edited (text: Buffer, seed: number): Buffer {
  const random = seededRandom(seed)
  const at = random.below(text.length - 100)
  return Buffer.concat([text.subarray(0, at), Buffer.from(`edit ${seed}`), text.subarray(at + random.below(40))])
}

export async function cleanUp (): Promise<void> {
  const opened = await scene
  scene = undefined
  if (opened === undefined) return
  for (const person of [opened.ann, opened.bob]) await person[Symbol.asyncDispose]()
  rmSync(opened.folder, { recursive: true, force: true })
}
