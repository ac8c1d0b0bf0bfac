import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'
import { TcpProxy, type Direction } from '@ipkit/testkit/tcp-proxy'
import { addMessage, BurnScene, getMessage, inboxFolder, listFolder, messageFolder, portOf, statusOf, until } from '../faults/burn-scene.ts'
import { OUTPUT } from '../faults/kill-point.ts'

interface World { readonly scene: BurnScene, readonly alice: Person, readonly bob: Person, readonly proxy: TcpProxy, readonly total: Readonly<Record<Direction, number>> }
let world: World | undefined

/** How many connections were cut while a command read, and how many commands were done before. */
export const tally = { cut: 0, late: 0 }

/** The connection is cut at one byte of a whole conversation, handshakes included: the same command then gets the message. */
export const soak: SoakPlan = {
  name: 'burn-cuts',
  rounds: 4000,
  async round (seed) {
    world ??= await makeWorld()
    const random = seededRandom(seed)
    const { alice, bob, proxy, total } = world
    const at = random.below(total.up + total.down)
    const [direction, offset]: [Direction, number] = at < total.up ? ['up', at] : ['down', at - total.up]
    try {
      await cutAt(alice, bob, proxy, direction, offset)
    } catch (e) {
      await cleanUp()
      throw new Error(`cut after ${offset} bytes ${direction}: ${e instanceof Error ? e.message : String(e)}`, { cause: e })
    }
  },
  end: cleanUp,
}

async function makeWorld (): Promise<World> {
  const scene = new BurnScene()
  try {
    const [alice, bob] = [await scene.person('alice'), await scene.person('bob')]
    const { link } = await addMessage(alice, 'how many bytes does it take?')
    const proxy = await TcpProxy.to(portOf(link))
    const { exit, stderr } = await getMessage(bob, link, ['--address', proxy.address])
    if (exit !== 0) throw new Error(`nothing was cut yet, and it does not work: ${stderr}`)
    return { scene, alice, bob, proxy, total: proxy.passed }
  } catch (e) {
    await scene[Symbol.asyncDispose]()
    throw e
  }
}

async function cutAt (alice: Person, bob: Person, proxy: TcpProxy, direction: Direction, offset: number): Promise<void> {
  const { id, link } = await addMessage(alice, `cut ${direction} at ${offset}`)
  proxy.reset(portOf(link))
  let cut = false
  proxy.at(direction, offset, () => { cut = true; proxy.cut() })
  const args = ['-o', OUTPUT, '--force', '--address', proxy.address]
  const first = await getMessage(bob, link, args)
  proxy.reset()
  tally[cut ? 'cut' : 'late']++
  if (first.exit !== 0 && first.exit !== 5) throw new Error(`exit ${first.exit}: ${first.stderr}`)
  // After a cut the message is there, or waits. A command that got it may have been unable to say so: then the next one does.
  const second = await getMessage(bob, link, args)
  if (second.exit !== (first.exit === 0 ? 4 : 0)) throw new Error(`after exit ${first.exit}, exit ${second.exit}: ${second.stderr}`)
  const file = path.join(bob.folder, OUTPUT)
  const text = readFileSync(file, 'utf8')
  if (text !== `cut ${direction} at ${offset}`) throw new Error(`got ${JSON.stringify(text)}`)
  rmSync(file)
  await until(async () => (await statusOf(alice, id)).state, state => state === 'read')
  await until(() => [listFolder(messageFolder(alice, id)), listFolder(inboxFolder(bob, id))], ([at, there]) => at!.join() === 'log' && there!.length === 0)
}

/** Ends everybody. */
export async function cleanUp (): Promise<void> {
  const before = world
  world = undefined
  await before?.proxy[Symbol.asyncDispose]()
  await before?.scene[Symbol.asyncDispose]()
}
