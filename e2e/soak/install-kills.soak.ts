/** Installs that are killed with -9 somewhere: whatever is there afterwards is whole or not there, and the next run goes on with what had arrived. */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'
import { ARCHITECTURE, IpfsupScene, type Updated } from '../faults/ipfsup-scene.ts'

const PADDING_BYTES = 3_000_000
/** Of the kills, so many in 10 fall behind the download: into unpacking, trying out, publishing, switching. */
const BEHIND_IN_10 = 4
const LONGEST_BEHIND_MS = 500
const VERSION = 'go-v0.43.0'

let scene: Promise<IpfsupScene> | undefined
export const tally = { killed: 0, resumed: 0, tooLate: 0 }

export const soak: SoakPlan = {
  name: 'install-kills',
  rounds: 300,
  async round (seed) {
    const here = await (scene ??= begin())
    const random = seededRandom(seed)
    const release = path.join(here.ipfsPath, 'releases', VERSION)
    const part = path.join(here.ipfsPath, 'releases/.partial', `${VERSION}-${ARCHITECTURE}.part`)
    for (const left of [release, part, `${part}.json`, path.join(here.ipfsupHome, 'releases.lock.json')]) rmSync(left, { recursive: true, force: true })
    const sent = (): number => here.dist.bytesSent() + here.github.bytesSent()
    const [before, isBehind] = [sent(), random.below(10) < BEHIND_IN_10]
    const [killAt, moreMs] = [isBehind ? PADDING_BYTES : random.below(PADDING_BYTES), isBehind ? random.below(LONGEST_BEHIND_MS) : 0]
    const killed = await here.ipfsup(['update'], { onStart: child => { void (async () => {
      while (sent() - before < killAt && child.exitCode === null) await sleep(2)
      await sleep(moreMs)
      child.kill('SIGKILL')
    })() } })
    if (killed.exit === 0) tally.tooLate++
    else tally.killed++
    const wasThere = existsSync(here.programOf(VERSION)) // then nothing is left to fetch
    if (wasThere) await expectWhole(here)
    const keptBytes = !wasThere && existsSync(part) ? statSync(part).size : 0
    const { resumedBytes } = await here.json<Updated>(['update'])
    if (!existsSync(release)) throw new Error('the release is not there')
    if (resumedBytes > 0) tally.resumed++
    else if (keptBytes > 0 && killed.exit !== 0 && existsSync(`${part}.json`)) throw new Error(`${keptBytes} bytes had arrived and were not used`)
    if (resumedBytes < 0.95 * keptBytes && keptBytes > 0 && resumedBytes > 0) throw new Error(`of ${keptBytes} bytes that had arrived ${resumedBytes} were used`)
    await expectWhole(here)
  },
  end: cleanUp,
}

async function expectWhole (here: IpfsupScene): Promise<void> {
  const { exit, stdout } = await here.person.runProgram(here.programOf(VERSION), ['version'])
  if (exit !== 0 || stdout !== 'ipfs version 0.43.0\n') throw new Error(`what is installed says ${stdout} and ends with ${exit}`)
  const verified = await here.ipfsup(['verify', VERSION])
  if (verified.exit !== 0) throw new Error(verified.stderr)
  readFileSync(path.join(path.dirname(here.programOf(VERSION)), 'release.json'))
}

async function begin (): Promise<IpfsupScene> {
  const here = await IpfsupScene.open()
  await here.release('0.43.0', 18, PADDING_BYTES)
  for (const served of [here.dist, here.github]) served.misbehave(at => at.endsWith('.tar.gz') ? { bytesPerSecond: 6_000_000 } : undefined)
  return here
}

export async function cleanUp (): Promise<void> {
  const opened = scene
  scene = undefined
  await (await opened)?.[Symbol.asyncDispose]()
}
