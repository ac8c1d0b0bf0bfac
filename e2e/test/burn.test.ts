import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { Person, type Ran, type RunOptions } from '@ipkit/testkit/person'

interface Added { readonly id: string, readonly link: string, readonly cid: string, readonly sizeBytes: number, readonly expiresAt: string }
interface Item { readonly id: string, readonly state: string, readonly claimedAt: string | null, readonly readAt: string | null }
interface Status extends Item { readonly audit: ReadonlyArray<{ readonly at: string, readonly event: string, readonly reader: string | null }> }

let folder: string
let alice: Person
let bob: Person
let carol: Person

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-burn-'))
  alice = await Person.in(folder, 'alice')
  bob = await Person.in(folder, 'bob')
  carol = await Person.in(folder, 'carol')
})
afterAll(async () => {
  for (const person of [alice, bob, carol]) await person[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const put = (who: Person, name: string, content: string | Uint8Array): string => { writeFileSync(path.join(who.folder, name), content); return name }
const read = (who: Person, name: string): Buffer => readFileSync(path.join(who.folder, name))
const add = async (args: readonly string[], options?: RunOptions): Promise<Added> => await alice.json<Added>('burn', ['add', ...args], options)
const get = async (who: Person, link: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Ran> => await who.run('burn', ['get', '-', ...args], { input: link, ...options })
const status = async (id: string): Promise<Status> => await alice.json<Status>('burn', ['status', id])
const passphrase = (who: Person, words: string): RunOptions => ({ env: { IPKIT_BURN_PASSPHRASE_FILE: path.join(who.folder, put(who, 'passphrase', `${words}\n`)) } })
const stopNode = async (who: Person): Promise<void> => { expect((await who.run('burn', ['node', 'stop'])).exit).toBe(0) }

describe('a message between two homes', () => {
  test('a text: shown once, its audit trail', async () => {
    const { id, link, sizeBytes } = await add(['-'], { input: 'see you at nine\n' })
    expect(sizeBytes).toBe(16)
    expect((await status(id)).state).toBe('unread')
    expect(await get(bob, link)).toMatchObject({ exit: 0, stdout: 'see you at nine\n' })
    expect(await get(bob, link)).toMatchObject({ exit: 4, stdout: '' })
    expect(await get(carol, link)).toMatchObject({ exit: 4, stdout: '' })
    const after = await status(id)
    expect(after).toMatchObject({ state: 'read', claimedAt: expect.stringMatching(/Z$/), readAt: expect.stringMatching(/Z$/) })
    expect(after.audit.map(line => line.event)).toEqual(['created', 'claimed', 'acked'])
    expect(after.audit[1]!.reader).toMatch(/^12D3KooW/)
  })

  test('a file: under its own name, byte for byte, private to its reader', async () => {
    const bytes = randomBytes(3_000_001)
    const { link } = await add([put(alice, 'holiday.bin', bytes)])
    const got = await bob.json<{ file: string, sizeBytes: number }>('burn', ['get', '-', '-o', './'], { input: link })
    expect(got).toMatchObject({ file: './holiday.bin', sizeBytes: bytes.length })
    expect(read(bob, 'holiday.bin').equals(bytes)).toBe(true)
    expect(statSync(path.join(bob.folder, 'holiday.bin')).mode & 0o777).toBe(0o600)
  })

  test('bytes from stdin to stdout, without knowing the size', async () => {
    const bytes = randomBytes(200_000)
    const { link } = await add(['-', '--no-pad'], { input: bytes })
    await get(bob, link, ['-o', 'piped.bin'])
    expect(read(bob, 'piped.bin').equals(bytes)).toBe(true)
  })

  test('a wrong passphrase uses nothing up, the right one opens', async () => {
    const { id, link } = await add(['-', '--passphrase'], { input: 'under a stone', ...passphrase(alice, 'Grüße 42') })
    expect(await get(bob, link, [], passphrase(bob, 'wrong'))).toMatchObject({ exit: 8, stdout: '' })
    expect(await get(bob, link)).toMatchObject({ exit: 2, stderr: expect.stringContaining('IPKIT_BURN_PASSPHRASE_FILE') })
    expect((await status(id)).state).toBe('unread')
    expect(await get(bob, link, [], passphrase(bob, 'Grüße 42'))).toMatchObject({ exit: 0, stdout: 'under a stone' })
  })

  test('five wrong passphrases lock it, burn unlock opens it again', async () => {
    const { id, link } = await add(['-', '--passphrase'], { input: 'x', ...passphrase(alice, 'right') })
    const exits: Array<number | null> = []
    for (let n = 0; n < 6; n++) exits.push((await get(bob, link, [], passphrase(bob, `wrong ${n}`))).exit)
    expect(exits).toEqual([8, 8, 8, 8, 7, 7])
    expect((await get(bob, link, [], passphrase(bob, 'right'))).exit).toBe(7)
    expect((await alice.run('burn', ['unlock', id.slice(0, 8)])).exit).toBe(0)
    expect((await get(bob, link, [], passphrase(bob, 'right'))).exit).toBe(0)
  })

  test('--reads 2: two readers, and no third', async () => {
    const { id, link } = await add(['-', '--reads', '2'], { input: 'for both of you' })
    expect((await get(bob, link)).stdout).toBe('for both of you')
    expect((await status(id)).state).toBe('claimed')
    expect((await get(carol, link)).stdout).toBe('for both of you')
    expect(await get(bob, link)).toMatchObject({ exit: 4, stdout: '' })
    expect((await status(id)).state).toBe('read')
  })

  test('--to: only that peer, the others hear what strangers hear', async () => {
    const { peerId } = await bob.json<{ peerId: string }>('ipkit', ['id'])
    await alice.run('ipkit', ['contacts', 'add', 'bob', peerId])
    const { link } = await add(['-', '--to', 'bob'], { input: 'bob only' })
    expect(await get(carol, link)).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('does not know this message') })
    expect((await get(bob, link)).stdout).toBe('bob only')
    expect(await alice.run('burn', ['add', '-', '--to', 'bob', '--web'], { input: 'x' })).toMatchObject({ exit: 2, stdout: '' })
  })

  test('--web: a second link, which the first does not need', async () => {
    const { link, webLink } = await alice.json<{ link: string, webLink: string }>('burn', ['add', '-', '--web'], { input: 'either way' })
    expect(webLink).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/burn\/#[\w-]{138}$/)
    expect(await get(bob, webLink)).toMatchObject({ exit: 2, stderr: expect.stringContaining('for a browser') })
    expect((await get(bob, link)).stdout).toBe('either way')
  })

  test('burn rm: by link and by id, by the sender alone', async () => {
    const first = await add(['-'], { input: 'never mind' })
    expect((await bob.run('burn', ['rm', '-'], { input: first.link })).exit).toBe(8)
    expect((await alice.run('burn', ['rm', '-'], { input: first.link })).exit).toBe(0)
    expect(await get(bob, first.link)).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('revoked') })
    const second = await add(['-'], { input: 'nor this' })
    expect(await alice.json('burn', ['rm', second.id])).toMatchObject({ state: 'revoked' })
    expect((await alice.run('burn', ['rm', second.id])).exit).toBe(4)
  })

  test('what has expired is gone', async () => {
    const { id, link } = await add(['-', '--expires', '2s'], { input: 'too late' })
    while ((await status(id)).state !== 'expired') await new Promise(resolve => { setTimeout(resolve, 200) })
    expect(await get(bob, link)).toMatchObject({ exit: 4, stdout: '', stderr: expect.stringContaining('expired') })
  })

  test('--strict: the key is gone the moment it is handed out', async () => {
    const { id, link } = await add(['-', '--strict'], { input: 'one shot' })
    expect((await get(bob, link)).stdout).toBe('one shot')
    expect((await status(id)).state).toBe('read')
  })

  test('a link with one character changed is recognised before anything is dialled', async () => {
    const { id, link } = await add(['-'], { input: 'still here' })
    for (const at of [link.indexOf('/p2p/') + 20, link.indexOf('#') - 5, link.indexOf('#') + 12, link.length - 1]) {
      const changed = link.slice(0, at) + (link[at] === 'a' ? 'b' : 'a') + link.slice(at + 1)
      expect((await get(bob, changed)).exit).toBe(2)
    }
    expect((await get(bob, link.slice(0, -3))).exit).toBe(2)
    expect((await status(id)).state).toBe('unread')
  })
})

describe('when something is in the way', () => {
  test('the sender stopped and came back: exit 5, then it goes on', async () => {
    const { link } = await add(['-'], { input: 'patience' })
    await stopNode(alice)
    expect(await get(bob, link)).toMatchObject({ exit: 5, stdout: '', stderr: expect.stringContaining('--address') })
    await alice.run('burn', ['ls'])
    expect((await get(bob, link)).stdout).toBe('patience')
  })

  test('the sender moved to another port: exit 5, and the new address finds it', async () => {
    const { link } = await add(['-'], { input: 'moved house' })
    await stopNode(alice)
    const port = await freePort()
    await alice.run('burn', ['ls'], { env: { IPKIT_LISTEN: `/ip4/127.0.0.1/tcp/${port}` } })
    expect((await get(bob, link)).exit).toBe(5)
    expect((await get(bob, link, ['--address', `/ip4/127.0.0.1/tcp/${port}`])).stdout).toBe('moved house')
    await stopNode(alice)
  })

  test('--volatile: gone with the node', async () => {
    const { id, link } = await add(['-', '--volatile'], { input: 'in memory' })
    await stopNode(alice)
    expect((await status(id)).state).toBe('expired')
    expect((await get(bob, link)).exit).toBe(4)
  })

  test('300 MB, the reader and its node killed on the way: the same command goes on where it was', async () => {
    const file = path.join(alice.folder, 'big.bin')
    const sizeBytes = 300_000_000
    const piece = randomBytes(1_000_000)
    const handle = openSync(file, 'wx')
    for (let n = 0; n < sizeBytes / piece.length; n++) { piece.writeUInt32BE(n); writeSync(handle, piece) }
    closeSync(handle)
    const { link } = await add(['big.bin'])

    const killed = await get(bob, link, ['-o', 'big.bin', '--progress=json'], {
      onStart (child) {
        let text = ''
        child.stderr.on('data', chunk => {
          text += String(chunk)
          if (doneIn(text) < sizeBytes / 4) return
          for (const pid of nodeProcesses(bob.home)) process.kill(pid, 'SIGKILL')
          child.kill('SIGKILL')
        })
      },
    })
    expect([killed.exit, existsSync(path.join(bob.folder, 'big.bin'))]).toEqual([null, false])

    const again = await get(bob, link, ['-o', 'big.bin', '--progress=json'])
    expect(again.exit).toBe(0)
    const fetched = again.stderr.split('\n').filter(line => line.includes('"fetching"')).map(doneIn)
    expect(fetched[0]).toBeGreaterThan(sizeBytes / 8)
    expect(read(bob, 'big.bin').equals(readFileSync(file))).toBe(true)
    expect(readdirSync(bob.folder).filter(name => name.endsWith('.part'))).toEqual([])
    for (const who of [alice, bob]) rmSync(path.join(who.folder, 'big.bin'))
  })

  test.each<[title: string, exit: number, args: readonly string[]]>([
    ['a missing file', 4, ['add', 'nowhere.txt']],
    ['a folder', 2, ['add', '.']],
    ['an empty file', 2, ['add', 'empty']],
    ['an empty stdin', 2, ['add', '-']],
    ['an expiry in the past', 2, ['add', 'full', '--expires', '2020-01-01']],
    ['an expiry of over a year', 2, ['add', 'full', '--expires', '366d']],
    ['no expiry at all', 2, ['add', 'full', '--expires', 'soon']],
    ['no reads', 2, ['add', 'full', '--reads', '0']],
    ['an unknown reader', 4, ['add', 'full', '--to', 'nobody']],
    ['no address', 2, ['add', 'full', '--address', 'example.org']],
    ['no link', 2, ['get', 'what?']],
    ['a link without its secret', 2, ['get', 'ipfs://127.0.0.1/tcp/1/p2p/12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV/bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e']],
    ['a file in the way', 8, ['get', '-', '-o', 'full']],
    ['a folder that is not there', 4, ['get', '-', '-o', 'nowhere/x']],
    ['an unknown id', 4, ['status', '0123456789abcdef0123456789abcdef']],
    ['no id', 2, ['status', 'first']],
  ])('%s: one clear line, exit %i, nothing left behind', async (_title, exit, args) => {
    put(alice, 'empty', '')
    put(alice, 'full', 'something')
    const link = args[0] === 'get' && args[1] === '-' ? (await add(['full'])).link : ''
    const before = [filesIn(alice.home), readdirSync(alice.folder)]
    const ran = await alice.run('burn', args, { input: link })
    expect([ran.exit, ran.stdout]).toEqual([exit, ''])
    expect(ran.stderr).toMatch(/^burn: error: .+\n(burn: hint: .+\n)*$/)
    expect([filesIn(alice.home), readdirSync(alice.folder)]).toEqual(before)
    expect(read(alice, 'full').toString()).toBe('something')
  })
})

describe('the link is a secret', () => {
  test('neither it nor the text stands on a disk, in a log, in arguments or in the environment', async () => {
    const text = `the treasure lies ${randomBytes(12).toString('hex')} steps north`
    const words = `open ${randomBytes(9).toString('hex')}`
    const { id, link } = await add(['-', '--passphrase', '--name', 'map.txt'], { input: text, ...passphrase(alice, words) })
    rmSync(path.join(alice.folder, 'passphrase'))
    const secret = link.slice(link.indexOf('#') + 1)
    const L = Buffer.from(secret, 'base64url').subarray(2, 34)
    const needles = [Buffer.from(secret), L, Buffer.from(L.toString('hex')), Buffer.from(L.toString('base64')), Buffer.from(text), Buffer.from(words)]
    expect(found(alice, needles)).toEqual([])

    const command: string[] = []
    const reading = await bob.run('burn', ['get', link, '-o', 'map.txt'], {
      ...passphrase(bob, words),
      onStart (child) {
        const look = setInterval(() => {
          try { command.push(readFileSync(`/proc/${child.pid!}/cmdline`, 'latin1')) } catch { /* not Linux, or over */ }
        }, 5)
        child.once('close', () => { clearInterval(look) })
      },
    })
    expect(reading.exit).toBe(0)
    if (existsSync('/proc/self/cmdline')) {
      const hidden = command.findIndex(line => line.startsWith('burn'))
      expect(hidden).toBeGreaterThanOrEqual(0)
      expect(command.slice(hidden).filter(line => line.includes(secret))).toEqual([])
    }
    expect(read(bob, 'map.txt').toString()).toBe(text)
    for (const name of ['map.txt', 'passphrase']) rmSync(path.join(bob.folder, name))
    for (const who of [alice, bob]) expect(found(who, needles)).toEqual([])
    expect((await status(id)).state).toBe('read')
  })
})

/** Where one of them stands: in a file of a person's, or in the arguments or the environment of the person's node. */
function found (who: Person, needles: readonly Buffer[]): string[] {
  const places = [...filesIn(who.folder).map(name => path.join(who.folder, name)), ...nodeProcesses(who.home).flatMap(pid => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])]
  expect(places.some(place => place.endsWith('node.log'))).toBe(true)
  return places.filter(place => { const bytes = readFileSync(place); return needles.some(needle => bytes.includes(needle)) })
}

/** Regular files below a folder; those of the database come and go by themselves. */
function filesIn (dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile() && !entry.parentPath.includes('datastore')).map(entry => path.relative(dir, path.join(entry.parentPath, entry.name))).sort()
}

/** The last count of bytes in lines of progress. */
function doneIn (text: string): number {
  return Number([...text.matchAll(/"doneBytes":(\d+)/g)].at(-1)?.[1] ?? 0)
}

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as { port: number }
  await new Promise(resolve => { server.close(resolve) })
  return port
}
