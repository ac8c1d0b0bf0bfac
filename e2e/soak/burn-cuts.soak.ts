import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import type { WalkPlan } from '@ipkit/testkit/soak-plan'
import { TcpProxy, type Direction } from '@ipkit/testkit/tcp-proxy'
import { readPlace } from '@ipkit/testkit/walk-order'
import { BurnScene, inboxFolder, listFolder, messageFolder, portOf, until, type Added, type Told } from '../faults/burn-scene.ts'
import { OUTPUT } from '../faults/kill-point.ts'
import { burnHere, burnJsonHere } from '../faults/run-here.ts'

/** A conversation is longer or shorter by a frame of the connection's own, as it happens: the longest of some is walked. */
const MEASURED = 8
/** One in fifty rounds, and a few for a bad start: with more of them the end was not where it was measured. */
const mayBeLate = (rounds: number): number => 20 + rounds / 50

interface World { readonly scene: BurnScene, readonly alice: Person, readonly bob: Person, readonly proxy: TcpProxy }
let world: World | undefined

/** What the sender had on its disk when the connection was cut; `late`: the conversation was over before that byte. */
export const tally = { beforeClaim: 0, claimed: 0, acked: 0, late: 0 }

/** The connection is cut at each byte of a whole conversation, handshakes included: the same command then gets the message. */
export const soak: WalkPlan = {
  name: 'burn-cuts',
  async lengths () {
    world ??= await makeWorld()
    const all = []
    for (let n = 0; n < MEASURED; n++) all.push(await measure(world))
    return { up: Math.max(...all.map(passed => passed.up)), down: Math.max(...all.map(passed => passed.down)) }
  },
  async round (place) {
    const { line, at } = readPlace(place, ['up', 'down'])
    world ??= await makeWorld()
    try {
      await cutAt(world, line, at)
    } catch (e) {
      await cleanUp()
      throw new Error(`cut after ${at} bytes ${line}: ${e instanceof Error ? e.message : String(e)}`, { cause: e })
    }
  },
  end: cleanUp,
}

async function makeWorld (): Promise<World> {
  const scene = new BurnScene()
  try {
    const [alice, bob] = [await scene.person('alice'), await scene.person('bob')]
    const { link } = await add(alice, 'is anybody there?')
    const made = { scene, alice, bob, proxy: await TcpProxy.to(portOf(link)) }
    await measure(made) // the first one starts the reader's node
    return made
  } catch (e) {
    await scene[Symbol.asyncDispose]()
    throw e
  }
}

const add = async (who: Person, content: string): Promise<Added> => await burnJsonHere<Added>(who, ['add', '-'], content)
const get = async ({ bob, proxy }: World, link: string): ReturnType<typeof burnHere> => await burnHere(bob, ['get', '-', '-o', OUTPUT, '--force', '--address', proxy.address], link)

/** A conversation that nobody cuts. @returns how many bytes it took */
async function measure (w: World): Promise<Readonly<Record<Direction, number>>> {
  const { link } = await add(w.alice, 'how many bytes does it take?')
  w.proxy.reset(portOf(link))
  const { exit, stderr } = await get(w, link)
  if (exit !== 0) throw new Error(`nothing was cut yet, and it does not work: ${stderr}`)
  return w.proxy.passed
}

async function cutAt (w: World, direction: Direction, offset: number): Promise<void> {
  const { alice, bob, proxy } = w
  const sent = `cut ${direction} at ${offset}`
  const { id, link } = await add(alice, sent)
  const outbox = messageFolder(alice, id)
  const logBytes = (): number => statSync(path.join(outbox, 'log')).size
  const created = logBytes()
  let when: keyof typeof tally = 'late'
  proxy.reset(portOf(link))
  proxy.at(direction, offset, () => {
    proxy.cut()
    when = !existsSync(path.join(outbox, 'slot')) ? 'acked' : logBytes() > created ? 'claimed' : 'beforeClaim'
  })
  const first = await get(w, link)
  proxy.reset()
  count(when)
  if (first.exit !== 0 && !(first.exit === 5 && when !== 'late' && first.stderr.includes('the same command goes on from there'))) throw new Error(`${when}: exit ${first.exit}: ${first.stderr}`)
  // After a cut the message is there, or waits. A command that got it may have been unable to say so: then the next one does.
  const second = await get(w, link)
  if (second.exit !== (first.exit === 0 ? 4 : 0)) throw new Error(`${when}: after exit ${first.exit}, exit ${second.exit}: ${second.stderr}`)
  if (second.stderr.includes('0 times')) throw new Error(`${when}: told that it cannot be opened, and it was: ${second.stderr}`)
  const text = readFileSync(path.join(bob.folder, OUTPUT), 'utf8')
  if (text !== sent) throw new Error(`${when}: got ${JSON.stringify(text)}`)
  rmSync(path.join(bob.folder, OUTPUT))
  await until(async () => (await burnJsonHere<Told>(alice, ['status', id])).state, state => state === 'read')
  await until(() => [listFolder(outbox), listFolder(inboxFolder(bob, id))], ([there, here]) => there!.join() === 'log' && here!.length === 0)
  const left = listFolder(bob.folder).filter(name => name !== 'home' && name !== '.cache')
  if (left.length > 0) throw new Error(`${when}: left behind: ${left.join(' ')}`)
}

/** @throws Error when too many come late */
function count (when: keyof typeof tally): void {
  tally[when]++
  const rounds = Object.values(tally).reduce((sum, n) => sum + n)
  if (tally.late > mayBeLate(rounds)) throw new Error(`${tally.late} of ${rounds} cuts came too late: the conversation is shorter than it was`)
}

/** Ends everybody. */
export async function cleanUp (): Promise<void> {
  const before = world
  world = undefined
  await before?.proxy[Symbol.asyncDispose]()
  await before?.scene[Symbol.asyncDispose]()
}
