/** What the READMEs show of names, run as it stands there: by two people, with a folder for the stick, the loopback interface for the phone, and seconds for an hour. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Person, type Ran } from '@ipkit/testkit/person'

type Who = 'anna' | 'ben'
/** Who runs the line, what it prints on either output, and its exit code where that is not 0. */
type Step = readonly [who: Who, line: string, prints: RegExp, exit?: number]

const PHONE = '/ip4/192.168.43.7/tcp/4101/p2p/12D3KooW…'
const LIFETIME_MS = 15_000

const root = path.resolve(import.meta.dirname, '../..')
let folder: string
let people: Record<Who, Person>
beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-train-'))
  mkdirSync(path.join(folder, 'stick'))
  people = { anna: await Person.in(folder, 'anna'), ben: await Person.in(folder, 'ben') }
})
afterEach(async () => {
  for (const person of Object.values(people)) await person[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** Commands of a section, without what is said of them. */
function linesOf (file: string, heading: string): string[] {
  const [, section = ''] = readFileSync(path.join(root, file), 'utf8').split(`${heading}\n`)
  return section.split(/^#+ /m)[0]!.split('\n').filter(line => line.startsWith('    ipnsup ')).map(line => line.replace(/\s+#.*$/, '').trim())
}

async function run (who: Who, line: string): Promise<Ran> {
  const names = await people.anna.run('ipnsup', ['key', 'ls', '--json'])
  const { name } = JSON.parse(names.stdout.split('\n')[0]!) as { name: string }
  const address = line.includes(PHONE) ? (await people.anna.json<{ addresses: string[] }>('ipkit', ['id'])).addresses[0]! : ''
  const real = line.replace(PHONE, address).replace('k51…', name).replace('/media/stick/', `${folder}/stick/`).replace('--lifetime 1h', `--lifetime ${LIFETIME_MS / 1000}s`)
  return await people[who].run('ipnsup', real.split(' ').slice(1))
}

async function play (steps: readonly Step[]): Promise<void> {
  for (const [who, line, prints, exit = 0] of steps) {
    const ran = await run(who, line)
    expect([line, ran.exit, ran.stderr + ran.stdout]).toEqual([line, exit, expect.stringMatching(prints)])
  }
}

test('two laptops on a train, as the README of ipnsup tells it', async () => {
  const steps: Step[] = [
    ['anna', 'ipnsup publish bafkqaddwgevxmmraojswg33smq', /^k51\w+$/m],
    ['anna', 'ipnsup status', /^ {2}local so far: nobody was in reach/m],
    ['anna', 'ipnsup export self -o /media/stick/', /k51\w+\.ipns-record$/m],
    ['ben', 'ipnsup import /media/stick/k51….ipns-record', /: taken: a name that was not known$/m],
    ['ben', 'ipnsup resolve k51…', /^\/ipfs\/bafkqaddwgevxmmraojswg33smq$/m],
    ['ben', 'ipnsup follow k51…', /^following k51/m],
    ['anna', 'ipnsup publish bafkqaddwgexxmmraojswg33smq --lifetime 1h', /sequence 1, valid until/],
    ['anna', 'ipnsup node status', /^addresses +\/ip4\/\S+\/p2p\/12D3KooW/m],
    ['ben', `ipnsup sync ${PHONE}`, /: gave a newer record$/m],
    ['ben', 'ipnsup resolve k51…', /^\/ipfs\/bafkqaddwgexxmmraojswg33smq$/m],
    ['ben', 'ipnsup resolve k51…', /warning: the record expired .* ago[^]*^\/ipfs\/bafkqaddwgexxmmraojswg33smq$/m],
    ['ben', 'ipnsup resolve k51… --require-fresh', /error: the record of k51\w+ expired/, 8],
  ]
  expect(linesOf('packages/ipnsup/README.md', '## Two laptops on a train')).toEqual(steps.map(([, line]) => line))
  const published = steps.findIndex(([, line]) => line.includes('--lifetime')) + 1
  await play(steps.slice(0, published))
  const expiredMs = Date.now() + LIFETIME_MS
  await play(steps.slice(published, -2))
  await people.anna.run('ipnsup', ['node', 'stop'])
  await sleep(expiredMs - Date.now())
  await play(steps.slice(-2))
})

test('names in the README of the repository', async () => {
  const five: Step[] = [
    ['anna', 'ipnsup publish bafkqaddwgevxmmraojswg33smq', /local so far[^]*^k51\w+$/m],
    ['anna', 'ipnsup resolve self', /^\/ipfs\/bafkqaddwgevxmmraojswg33smq$/m],
    ['anna', 'ipnsup export self -o me.ipns-record', /^me\.ipns-record$/m],
    ['anna', 'ipnsup inspect me.ipns-record', /^valid$/m],
    ['ben', 'ipnsup import me.ipns-record', /^me\.ipns-record: taken/m],
  ]
  const train: Step[] = [
    ['anna', 'ipnsup publish bafkqaddwgevxmmraojswg33smq', /^k51\w+$/m],
    ['anna', 'ipnsup export self -o /media/stick/', /k51\w+\.ipns-record$/m],
    ['ben', 'ipnsup import /media/stick/k51….ipns-record', /: (taken|known already)/],
    ['ben', 'ipnsup follow k51…', /^following k51/m],
    ['anna', 'ipnsup publish bafkqaddwgexxmmraojswg33smq', /sequence 1/],
    ['ben', `ipnsup sync ${PHONE}`, /: gave a newer record$/m],
    ['ben', 'ipnsup resolve k51…', /^\/ipfs\/bafkqaddwgexxmmraojswg33smq$/m],
  ]
  expect(linesOf('README.md', '### ipnsup')).toEqual([...five, ...train].map(([, line]) => line))
  await play(five.slice(0, 4))
  copyFileSync(path.join(people.anna.folder, 'me.ipns-record'), path.join(people.ben.folder, 'me.ipns-record'))
  await play(five.slice(4))
  await play(train)
  await people.anna.run('ipnsup', ['node', 'stop'])
  await play(train.slice(-1))
})
