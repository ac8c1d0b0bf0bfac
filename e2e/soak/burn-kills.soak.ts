import { rmSync } from 'node:fs'
import path from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Person } from '@ipkit/testkit/person'
import { seededRandom, type SeededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'
import { TcpProxy, type Direction } from '@ipkit/testkit/tcp-proxy'
import { addMessage, BurnScene, filesWith, getMessage, inboxFolder, killNode, listFolder, messageFolder, portOf, statusOf, until, type Added } from '../faults/burn-scene.ts'
import { anyKillPoint, armed, OUTPUT, type KillPoint } from '../faults/kill-point.ts'

const VICTIMS = ['sender node', 'reader node', 'reader command', 'reader command and node', 'both nodes'] as const
type Victim = typeof VICTIMS[number]
const RACERS = 8
const MAX_TRIES = 8

interface World { readonly scene: BurnScene, readonly alice: Person, readonly bob: Person, readonly proxy: TcpProxy, readonly total: Readonly<Record<Direction, number>> }
let world: World | undefined

/** How many rounds killed somebody while the message was being read, and how many came too late for that. */
export const tally = { killed: 0, late: 0, raced: 0 }

/**
 * Somebody is killed at some point of a read; then those who live go on. Or eight want one message at once. At the end exactly one
 * reader holds the text, the sender knows it, and nothing that could open the message is left.
 */
export const soak: SoakPlan = {
  name: 'burn-kills',
  rounds: 1000,
  async round (seed) {
    world ??= await makeWorld()
    const random = seededRandom(seed)
    try {
      if (random.below(8) === 0) await race(world, random)
      else await kill(world, random)
    } catch (e) {
      await cleanUp()
      throw e
    }
  },
  end: cleanUp,
}

/** The same people stay for all rounds; every round uses a message of its own. */
async function makeWorld (): Promise<World> {
  const scene = new BurnScene()
  try {
    const alice = await scene.person('alice')
    const bob = await scene.person('bob')
    const { link } = await addMessage(alice, 'how many bytes does it take?')
    const proxy = await TcpProxy.to(portOf(link))
    const first = await getMessage(bob, link, ['--address', proxy.address])
    if (first.exit !== 0) throw new Error(`nothing was killed yet, and it does not work: ${first.stderr}`)
    return { scene, alice, bob, proxy, total: proxy.passed }
  } catch (e) {
    await scene[Symbol.asyncDispose]()
    throw e
  }
}

async function kill ({ scene, alice, bob, proxy, total }: World, random: SeededRandom): Promise<void> {
  const victim = VICTIMS[random.below(VICTIMS.length)]!
  const strict = random.below(8) === 0
  const big = random.below(5) === 0
  const rival = random.below(4) === 0
  const point = anyKillPoint(random, total)
  const what = `${victim} killed at ${JSON.stringify(point)}${strict ? ', strict' : ''}${big ? ', 3 MB' : ''}${rival ? ', with a rival' : ''}`

  const text = Buffer.from(random.bytes(24)).toString('hex')
  const message = await addMessage(alice, text + ' '.repeat(big ? 3_000_000 : 0), strict ? ['--strict'] : [])
  proxy.reset(portOf(message.link))
  const carol = await scene.person('carol')
  const rivals = rival ? delayed(random.below(400), async () => { await getMessage(carol, message.link, ['-o', OUTPUT]) }) : undefined
  const killed = await readAndKill({ victim, point, alice, bob, proxy, message })
  await rivals
  tally[killed ? 'killed' : 'late']++

  const readers = [bob, carol]
  await tryOn(alice, bob, proxy, message)
  const last = await getMessage(carol, message.link, ['-o', OUTPUT, '--force'])
  const holders = holdersOf(readers, text)
  const lost = strict && holders.length === 0
  if (holders.length !== 1 && !lost) throw new Error(`${what}: held by ${JSON.stringify(holders)}`)
  if (!rival && !lost && holders[0] !== 'bob') throw new Error(`${what}: the other reader got it`)
  if (last.exit !== 4 && last.exit !== 0) throw new Error(`${what}: at last the other reader was told ${last.exit} ${last.stderr}`)
  await settled(alice, readers, message, strict ? ['read', 'unconfirmed'] : ['read'], what)
  clear(readers)
}

interface Read { readonly victim: Victim, readonly point: KillPoint, readonly alice: Person, readonly bob: Person, readonly proxy: TcpProxy, readonly message: Added }

/** @returns whether there was somebody to kill while the command ran */
async function readAndKill ({ victim, point, alice, bob, proxy, message }: Read): Promise<boolean> {
  let command: ChildProcess | undefined
  let killed = false
  const act = (): void => {
    killed = command?.exitCode === null && command.signalCode === null
    if (victim === 'sender node' || victim === 'both nodes') killNode(alice)
    if (victim === 'reader node' || victim === 'reader command and node' || victim === 'both nodes') killNode(bob)
    if (victim === 'reader command' || victim === 'reader command and node') command?.kill('SIGKILL')
  }
  const reading = getMessage(bob, message.link, ['-o', OUTPUT, '--address', proxy.address], { onStart (child) { command = child } })
  const watch = armed(point, { sender: alice, reader: bob, id: message.id, proxy }, act)
  try { await reading } finally { watch.stop() }
  return killed
}

/** The reader's command is repeated, the sender comes back: until the message is here, or is told to be gone. */
async function tryOn (alice: Person, bob: Person, proxy: TcpProxy, { link }: Added): Promise<void> {
  for (let tries = 1; ; tries++) {
    const back = await alice.run('burn', ['ls'])
    if (back.exit !== 0) throw new Error(`the sender does not come back: ${back.stderr}`)
    const ran = await getMessage(bob, link, ['-o', OUTPUT, '--force', '--address', proxy.address])
    if (ran.exit === 0 || ran.exit === 4) return
    if (tries === MAX_TRIES) throw new Error(`try ${tries} ends with ${ran.exit}: ${ran.stderr}`)
  }
}

async function race ({ scene, alice }: World, random: SeededRandom): Promise<void> {
  const racers = await Promise.all(Array.from({ length: RACERS }, async (_, n) => await scene.person(n === 0 ? 'bob' : n === 1 ? 'carol' : `racer${n}`)))
  const text = Buffer.from(random.bytes(24)).toString('hex')
  const message = await addMessage(alice, text)
  const killAt = random.below(2) === 0 ? random.below(1500) : undefined
  const what = `a race${killAt === undefined ? '' : `, the sender killed after ${killAt} ms`}`
  await Promise.all([
    ...racers.map(async racer => await delayed(random.below(50), async () => { await getMessage(racer, message.link, ['-o', OUTPUT]) })),
    ...killAt === undefined ? [] : [delayed(killAt, async () => { killNode(alice) })],
  ])
  await alice.run('burn', ['ls'])
  // Who was answered may have lost the sender before the end; who was not hears that the message is taken.
  const again = await Promise.all(racers.map(async racer => (await getMessage(racer, message.link, ['-o', OUTPUT, '--force'])).exit))
  if (again.some(exit => exit !== 0 && exit !== 4)) throw new Error(`${what}: the readers end with ${JSON.stringify(again)}`)
  const holders = holdersOf(racers, text)
  if (holders.length !== 1) throw new Error(`${what}: held by ${JSON.stringify(holders)}`)
  await settled(alice, racers, message, ['read'], what)
  clear(racers)
  tally.raced++
}

const holdersOf = (readers: readonly Person[], text: string): string[] =>
  readers.filter(reader => filesWith(reader.folder, [text]).length > 0).map(reader => reader.name)

/** The sender knows how it ended and keeps only the log, and no reader keeps anything of it but the text. */
async function settled (alice: Person, readers: readonly Person[], { id }: Added, states: readonly string[], what: string): Promise<void> {
  try {
    await until(async () => (await statusOf(alice, id)).state, state => states.includes(state))
    await until(() => listFolder(messageFolder(alice, id)), files => files.join() === 'log')
    await until(() => readers.flatMap(reader => listFolder(inboxFolder(reader, id)).map(file => `${reader.name}: ${file}`)), files => files.length === 0)
  } catch (e) {
    throw new Error(`${what}: not over: ${e instanceof Error ? e.message : String(e)}`, { cause: e })
  }
}

function clear (readers: readonly Person[]): void {
  for (const { folder } of readers) {
    const left = listFolder(folder).filter(name => name !== 'home' && name !== OUTPUT && !name.startsWith('.cache'))
    if (left.length > 0) throw new Error(`left behind in ${folder}: ${left.join(' ')}`)
    rmSync(path.join(folder, OUTPUT), { force: true })
  }
}

async function delayed (afterMs: number, work: () => Promise<void>): Promise<void> {
  await new Promise(resolve => { setTimeout(resolve, afterMs) })
  await work()
}

/** Ends everybody. */
export async function cleanUp (): Promise<void> {
  const before = world
  world = undefined
  await before?.proxy[Symbol.asyncDispose]()
  await before?.scene[Symbol.asyncDispose]()
}
