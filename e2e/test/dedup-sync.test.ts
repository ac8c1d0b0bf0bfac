/** Versions of files between people with a node each, packed by the programs that people pack with. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { importer } from 'ipfs-unixfs-importer'
import { createEphemeralHost } from '@ipkit/core/net/ephemeral-host'
import { randomBytes } from 'node:crypto'
import { Person } from '@ipkit/testkit/person'
import { sourceText } from '@ipkit/testkit/source-text'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { PackedFolder, addressOf, noise, sha256Of, type Added, type Published, type Pulled } from '../faults/sync-scene.ts'

let folder: string
let people: Person[]
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-sync-')); people = [] })
afterEach(async () => {
  await Promise.all(people.map(async person => { await person[Symbol.asyncDispose]() }))
  rmSync(folder, { recursive: true, force: true })
})

async function person (name: string): Promise<Person> {
  const made = await Person.in(folder, name)
  people.push(made)
  return made
}
const sync = async <T>(who: Person, ...args: string[]): Promise<T> => await who.json<T>('ipfs-dedup-sync', args)
const lines = <T>(stdout: string): T[] => stdout.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as T)

/** What the three characters may cost in all, both ways. */
const WIRE_LIMIT = 32_000

const FORMATS: ReadonlyArray<{ readonly name: string, readonly file: string, readonly how: string, readonly needs: readonly string[], readonly layers: ReadonlyArray<Partial<Added['layers'][number]>> }> = [
  { name: 'a tar', file: 'file.tar', how: 'cat', needs: [], layers: [{ format: 'tar', exact: true }] },
  { name: 'tar and gzip', file: 'file.tar.gz', how: 'gzip -6', needs: ['gzip'], layers: [{ format: 'gzip', encoder: 'gnu-gzip', level: 6, exact: true }, { format: 'tar', exact: true }] },
  { name: 'tar and gzip -1', file: 'file.tar.gz', how: 'gzip -1', needs: ['gzip'], layers: [{ format: 'gzip', encoder: 'gnu-gzip', level: 1, exact: true }, { format: 'tar', exact: true }] },
  { name: 'tar and pigz', file: 'file.tar.gz', how: 'pigz -6 -p 2', needs: ['pigz'], layers: [{ format: 'gzip', encoder: 'pigz', level: 6, exact: true }, { format: 'tar', exact: true }] },
  { name: 'tar and python', file: 'file.tar.gz', how: `python3 -c 'import gzip,shutil,sys
with gzip.GzipFile(fileobj=sys.stdout.buffer,mode="wb",compresslevel=9,mtime=0) as o: shutil.copyfileobj(sys.stdin.buffer,o)'`, needs: ['python3'], layers: [{ format: 'gzip', encoder: 'zlib', level: 9, exact: true }, { format: 'tar', exact: true }] },
  { name: 'tar and node', file: 'file.tar.gz', how: `"${process.execPath}" -e 'process.stdin.pipe(require("zlib").createGzip()).pipe(process.stdout)'`, needs: [], layers: [{ format: 'gzip', encoder: 'chromium', level: 6, exact: true }, { format: 'tar', exact: true }] },
]

describe('three characters more', () => {
  for (const { name, file, how, needs, layers } of FORMATS) {
    testWithProgram(...needs)(`in ${name}: a few kilobytes, and the very bytes`, async () => {
      const [ann, bob] = [await person('ann'), await person('bob')]
      const packed = new PackedFolder(path.join(folder, 'work'))
      const [here, there] = [path.join(ann.folder, file), path.join(bob.folder, file)]
      packed.packTar(here, how)
      const first = await sync<Published>(ann, 'publish', here)
      expect(first).toMatchObject({ version: 1, sizeBytes: statSync(here).size, sha256: sha256Of(here), layers: layers.map(layer => expect.objectContaining(layer)) })
      const from = ['--from', await addressOf(ann)]
      expect(await sync<Pulled>(bob, 'pull', first.name, '-o', there, ...from)).toMatchObject({ root: first.root, sha256: first.sha256 })
      expect(readFileSync(there).equals(readFileSync(here))).toBe(true)

      packed.edit()
      packed.packTar(here, how)
      const second = await sync<Published>(ann, 'publish', here)
      expect(second).toMatchObject({ name: first.name, version: 2, sha256: sha256Of(here) })
      expect(second.newBytes).toBeLessThan(500_000)
      const pulled = await sync<Pulled>(bob, 'pull', first.name, '-o', there, '--overwrite', ...from)
      expect(readFileSync(there).equals(readFileSync(here))).toBe(true)
      expect(pulled.receivedBytes + pulled.sentBytes).toBeLessThan(WIRE_LIMIT)
      expect(pulled.receivedBytes).toBeGreaterThan(0)
      expect(pulled.roundTrips).toBeLessThanOrEqual(3)
    })
  }

  testWithProgram('zip')('in a zip', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')]
    const packed = new PackedFolder(path.join(folder, 'work'))
    const [here, there] = [path.join(ann.folder, 'file.zip'), path.join(bob.folder, 'file.zip')]
    packed.packZip(here)
    const first = await sync<Published>(ann, 'publish', here)
    expect(first.layers).toContainEqual(expect.objectContaining({ format: 'zip', exact: true }))
    const from = ['--from', await addressOf(ann)]
    await sync(bob, 'pull', first.name, '-o', there, ...from)
    packed.edit()
    packed.packZip(here)
    await sync(ann, 'publish', here)
    const pulled = await sync<Pulled>(bob, 'pull', first.name, '-o', there, '--overwrite', ...from)
    expect(readFileSync(there).equals(readFileSync(here))).toBe(true)
    expect(pulled.receivedBytes + pulled.sentBytes).toBeLessThan(WIRE_LIMIT)
  })
})

describe('whatever cannot be understood', () => {
  test('is stored and given back to the byte', async () => {
    const ann = await person('ann')
    const text = sourceText(300_000, 7)
    const gz = execFileSync('gzip', ['-6'], { input: text })
    const wrongCrc = Buffer.from(gz)
    wrongCrc[wrongCrc.length - 6]! ^= 1
    const files: Record<string, Buffer> = {
      'empty': Buffer.alloc(0),
      'one-byte': Buffer.from('x'),
      'truncated.gz': gz.subarray(0, 40_000),
      'garbage-behind.gz': Buffer.concat([gz, Buffer.from('and this')]),
      'padded.gz': Buffer.concat([gz, Buffer.alloc(512)]),
      'two-members.gz': Buffer.concat([gz, execFileSync('gzip', ['-9'], { input: text.subarray(0, 90_000) })]),
      'wrong-crc.gz': wrongCrc,
      'only-a-head.gz': gz.subarray(0, 10),
      'not-a-tar.tar': text,
      'noise': Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255)),
      'zeros': Buffer.alloc(3_000_000),
    }
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(path.join(ann.folder, name), bytes)
      const added = await sync<Added>(ann, 'add', name)
      expect([name, added.sizeBytes, added.sha256]).toEqual([name, bytes.length, sha256Of(path.join(ann.folder, name))])
      const back = path.join(ann.folder, `${name}.back`)
      await sync(ann, 'pull', added.root, '-o', back)
      expect([name, readFileSync(back).equals(bytes)]).toEqual([name, true])
    }
    expect((await sync<{ layers: unknown[] }>(ann, 'add', 'two-members.gz')).layers).toHaveLength(1)
  })
})

describe('a folder', () => {
  test('keeps modes, times, links and holes', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')]
    const tree = path.join(ann.folder, 'tree')
    mkdirSync(path.join(tree, 'inner/empty'), { recursive: true })
    writeFileSync(path.join(tree, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 })
    writeFileSync(path.join(tree, 'inner/secret'), 'x', { mode: 0o600 })
    execFileSync('ln', ['-s', '../run.sh', path.join(tree, 'inner/link')])
    execFileSync('sh', ['-c', 'truncate -s 8M "$1" && printf end >>"$1" && touch -d "2001-02-03 04:05:06.789Z" "$1" "$2"', 'sh', path.join(tree, 'sparse'), path.join(tree, 'run.sh')])
    const { root } = await sync<Added>(ann, 'add', tree)
    const back = path.join(bob.folder, 'back')
    await sync(bob, 'pull', root, '-o', back, '--from', await addressOf(ann))
    expect(readdirSync(back, { recursive: true }).map(String).sort()).toEqual(['inner', 'inner/empty', 'inner/link', 'inner/secret', 'run.sh', 'sparse'])
    expect([statSync(path.join(back, 'run.sh')).mode & 0o7777, statSync(path.join(back, 'inner/secret')).mode & 0o7777]).toEqual([0o755, 0o600])
    const timeOf = (folder: string): bigint => statSync(path.join(folder, 'run.sh'), { bigint: true }).mtimeNs
    expect(Math.abs(Number(timeOf(back) - timeOf(tree)))).toBeLessThan(1000) // node sets times as seconds in a double
    expect([lstatSync(path.join(back, 'inner/link')).isSymbolicLink(), readlinkSync(path.join(back, 'inner/link'))]).toEqual([true, '../run.sh'])
    expect(statSync(path.join(back, 'sparse'))).toMatchObject({ size: 8 * 1024 * 1024 + 3 })
    expect(statSync(path.join(back, 'sparse')).blocks * 512).toBeLessThan(1024 * 1024)
    expect(readFileSync(path.join(back, 'sparse')).subarray(-3).toString()).toBe('end')
  })
})

describe('a history', () => {
  test('is told, compared, given in any version, forgotten and freed', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')]
    const file = path.join(ann.folder, 'notes.bin')
    const texts = [1, 2, 3].map(seed => noise(400_000, seed))
    const versions: Published[] = []
    for (const text of texts) {
      writeFileSync(file, text)
      versions.push(await sync<Published>(ann, 'publish', file, '-m', `note ${versions.length + 1}`))
    }
    const { name } = versions[0]!
    const log = lines<{ version: number, root: string, parent: string | null, note: string, sizeBytes: number }>((await ann.run('ipfs-dedup-sync', ['log', name, '--json'])).stdout)
    expect(log.map(({ version, root, note, sizeBytes }) => [version, root, note, sizeBytes])).toEqual([3, 2, 1].map(v => [v, versions[v - 1]!.root, `note ${v}`, 400_000]))
    const from = ['--from', await addressOf(ann)]
    await sync(bob, 'pull', `${name}@2`, '-o', path.join(bob.folder, 'second'), ...from)
    expect(readFileSync(path.join(bob.folder, 'second')).equals(texts[1]!)).toBe(true)
    expect(await bob.run('ipfs-dedup-sync', ['pull', `${name}@9`, '-o', path.join(bob.folder, 'ninth'), ...from])).toMatchObject({ exit: 4 })
    expect(existsSync(path.join(bob.folder, 'ninth'))).toBe(false)

    await sync(ann, 'forget', `${name}@1`)
    expect((await sync<{ freedBytes: number }>(ann, 'gc')).freedBytes).toBeGreaterThan(300_000)
    expect(await sync(ann, 'gc')).toMatchObject({ freedBytes: 0, freedBlocks: 0 })
    expect(await ann.run('ipfs-dedup-sync', ['verify'])).toMatchObject({ exit: 0 })
    await sync(bob, 'pull', name, '-o', path.join(bob.folder, 'third'), ...from)
    expect(readFileSync(path.join(bob.folder, 'third')).equals(texts[2]!)).toBe(true)
  })

  test('the same file again is no new version', async () => {
    const ann = await person('ann')
    const file = path.join(ann.folder, 'same')
    writeFileSync(file, 'the same')
    const first = await sync<Published>(ann, 'publish', file)
    expect(await sync<Published>(ann, 'publish', file)).toMatchObject({ root: first.root, version: 1, newBytes: 0 })
  })
})

describe('who may pull', () => {
  test('whoever knows the root, until a peer is named; nobody after unserve', async () => {
    const [ann, bob, eve] = [await person('ann'), await person('bob'), await person('eve')]
    writeFileSync(path.join(ann.folder, 'file'), sourceText(50_000, 3))
    const { root } = await sync<Added>(ann, 'add', 'file')
    const from = ['--from', await addressOf(ann)]
    const pull = async (who: Person): Promise<number | null> => (await who.run('ipfs-dedup-sync', ['pull', root, '-o', 'file', '--overwrite', ...from])).exit
    expect(await pull(eve)).toBe(0)
    const { peerId } = await bob.json<{ peerId: string }>('ipkit', ['id'])
    await sync(ann, 'allow', peerId, root)
    expect(await pull(bob)).toBe(0)
    const late = await person('late')
    expect([4, 5, 8]).toContain(await pull(late))
    expect(existsSync(path.join(late.folder, 'file'))).toBe(false)
    await sync(ann, 'unserve', root)
    const last = await person('last')
    expect([4, 5, 8]).toContain(await pull(last))
  })

  test('who was allowed by name may push; others may not', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')]
    writeFileSync(path.join(ann.folder, 'file'), sourceText(50_000, 4))
    const { root } = await sync<Added>(ann, 'add', 'file')
    const to = await addressOf(bob)
    expect((await ann.run('ipfs-dedup-sync', ['push', root, to])).exit).toBe(5) // he has a node, and has never used this tool
    await sync(bob, 'stat')
    expect((await ann.run('ipfs-dedup-sync', ['push', root, to])).exit).toBe(8)
    await sync(bob, 'allow', (await ann.json<{ peerId: string }>('ipkit', ['id'])).peerId)
    expect(await sync<Pulled>(ann, 'push', root, to)).toMatchObject({ root })
    await sync(bob, 'pull', root, '-o', path.join(bob.folder, 'file'))
    expect(sha256Of(path.join(bob.folder, 'file'))).toBe(sha256Of(path.join(ann.folder, 'file')))
  })
})

describe('two givers', () => {
  test('give what neither has alone in time, and a third takes over when one goes', async () => {
    const [ann, bob, carol] = [await person('ann'), await person('bob'), await person('carol')]
    writeFileSync(path.join(ann.folder, 'file'), sourceText(6_000_000, 5))
    copyFileSync(path.join(ann.folder, 'file'), path.join(bob.folder, 'file'))
    const { root } = await sync<Added>(ann, 'add', 'file')
    expect(await sync<Added>(bob, 'add', 'file')).toMatchObject({ root })
    const [a, b] = [await addressOf(ann), await addressOf(bob)]
    await ann.run('ipkit', ['stop'])
    await sync(carol, 'pull', root, '-o', path.join(carol.folder, 'file'), '--from', a, '--from', b)
    expect(sha256Of(path.join(carol.folder, 'file'))).toBe(sha256Of(path.join(bob.folder, 'file')))
  })
})

describe('other IPFS nodes', () => {
  const imported = async (bytes: Uint8Array, blocks: Map<string, Uint8Array>): Promise<string> => {
    const store = { async put (cid: { toString(): string }, block: Uint8Array) { blocks.set(cid.toString(), block); return cid } }
    for await (const { cid } of importer([{ content: bytes }], store as never, { cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize: 262_144 }), layout: balanced({ maxChildrenPerNode: 174 }) })) return cid.toString()
    throw new Error('nothing was imported')
  }

  test('get the CID that they would give it themselves', async () => {
    const ann = await person('ann')
    const bytes = noise(50_000_000, 9)
    writeFileSync(path.join(ann.folder, 'file'), bytes)
    const root = await imported(bytes, new Map())
    expect(await sync<Added>(ann, 'recompute', 'file', '--chunker=size-262144')).toMatchObject({ root })
    expect(await sync<Added>(ann, 'add', 'file', '--chunker=size-262144')).toMatchObject({ root })
  })

  test('that speak no more than bitswap give what they have', async () => {
    const bob = await person('bob')
    const bytes = noise(3_000_000, 8)
    const blocks = new Map<string, Uint8Array>()
    const root = await imported(bytes, blocks)
    const log = { debug () {}, info () {}, warn () {}, error () {} }
    await using host = await createEphemeralHost({ listen: ['/ip4/127.0.0.1/tcp/0'], bitswap: { get: async cid => blocks.get(cid) } }, { log, randomBytes: size => randomBytes(size) })
    const output = path.join(bob.folder, 'file')
    const pulled = await sync<Pulled>(bob, 'pull', root, '-o', output, '--from', host.addresses()[0]!)
    expect(readFileSync(output).equals(bytes)).toBe(true)
    expect(pulled).toMatchObject({ root, sizeBytes: bytes.length })
    expect(pulled.receivedBytes).toBeGreaterThan(bytes.length)
    blocks.delete([...blocks.keys()][3]!)
    const carol = await person('carol')
    expect(await carol.run('ipfs-dedup-sync', ['pull', root, '-o', 'file', '--from', host.addresses()[0]!])).toMatchObject({ exit: 4 })
    expect(existsSync(path.join(carol.folder, 'file'))).toBe(false)
  })
})
