import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fakeArchive } from '@ipkit/testkit/releases/dist-site'
import { unpackArchive } from '../../src/adapters/unpack-archive.ts'
import { UnpackedTree } from '../../src/adapters/unpacked-tree.ts'
import { MAX_ENTRIES, MAX_ENTRY_BYTES, MAX_UNPACKED_BYTES } from '../../src/domain/archive-limits.ts'
import { pax, tar, tarGz, zip, type TarEntry, type ZipEntry } from '../make-archive.ts'
import { seededBytes } from '../seeded-bytes.ts'

const REFUSED = { code: 'ARCHIVE_REFUSED', exit: 'refused' }
let dir: string
let folder: string
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-'))
  folder = path.join(dir, 'deep/in/release')
  mkdirSync(folder, { recursive: true })
})
afterEach(() => { rmSync(dir, { recursive: true }) })

async function unpack (bytes: Uint8Array, fileName = 'kubo_v0.43.0_linux-amd64.tar.gz', signal = new AbortController().signal): Promise<void> {
  const file = path.join(dir, 'archive.part')
  writeFileSync(file, bytes)
  await unpackArchive(file, fileName, folder, signal)
}
/** `path mode`, and for links where they lead. */
const listing = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort().map(name => {
  const stat = lstatSync(path.join(folder, name))
  return stat.isSymbolicLink() ? `${name} -> ${readlinkSync(path.join(folder, name))}` : `${name}${stat.isDirectory() ? '/' : ''} ${(stat.mode & 0o7777).toString(8)}`
})
const onlyInside = (): string[] => readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(name => !name.startsWith('deep/in/release/')).sort()
/** Nothing of a refused archive can be run, and nothing lies elsewhere. */
function nothingRuns (): void {
  expect(onlyInside()).toEqual(['archive.part', 'deep', 'deep/in', 'deep/in/release'])
  const runnable = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name === 'ipfs').map(name => lstatSync(path.join(folder, name))).filter(stat => stat.isFile() && (stat.mode & 0o111) !== 0)
  expect(runnable).toEqual([])
}
const IPFS: TarEntry = { name: 'kubo/ipfs', mode: 0o755, content: '#!/bin/sh\n' }

test('an archive by the tar of this machine is unpacked without its top folder', async () => {
  await unpack(fakeArchive({ version: '0.43.0', repoVersion: 18 }, 3_000_000))
  expect(listing()).toEqual(['LICENSE 644', 'README.md 644', 'ipfs 755', 'padding 644'])
  expect(readFileSync(path.join(folder, 'ipfs'), 'utf8')).toContain('0.43.0')
  expect(lstatSync(path.join(folder, 'padding')).size).toBe(3_000_000)
})

test('modes are 644 or 755, whatever the archive and the umask say', async () => {
  const umask = process.umask(0o077)
  try {
    await unpack(tarGz([
      { name: './kubo/', type: '5', mode: 0o777 }, { ...IPFS, mode: 0o644 }, { name: 'kubo/setuid', mode: 0o6777 }, { name: 'kubo/sticky', mode: 0o1000 }, { name: 'kubo/none', mode: 0 },
      { name: 'kubo/sub/', type: '5', mode: 0 }, { name: 'kubo/sub/install.sh', mode: 0o700 }, { name: 'kubo/sub/ipfs', mode: 0o755 },
    ]))
  } finally {
    process.umask(umask)
  }
  expect(listing()).toEqual(['ipfs 755', 'none 644', 'setuid 755', 'sticky 644', 'sub/ 755', 'sub/install.sh 755', 'sub/ipfs 755'])
})

test('long names of each kind, folders that come late or twice, and links inside are taken', async () => {
  const long = `${'n'.repeat(90)}/${'m'.repeat(120)}`
  await unpack(tarGz([
    pax({ comment: 'of git' }, 'g'), { name: 'go-ipfs/doc/a' }, { name: 'go-ipfs/', type: '5' }, { name: 'go-ipfs/doc', type: '5' }, { name: 'go-ipfs/doc/', type: '5' },
    pax({ path: `go-ipfs/${long}` }), { name: 'short', content: 'long' },
    { name: 'go-ipfs/doc/up', type: '2', link: '../ipfs' }, { name: 'go-ipfs/doc/here', type: '2', link: './a' }, { name: 'go-ipfs/dangling', type: '2', link: 'doc/none' },
    { name: 'go-ipfs/ipfs', content: 'x' },
  ]))
  expect(readFileSync(path.join(folder, long), 'utf8')).toBe('long')
  expect(listing().filter(line => !line.startsWith('nnn'))).toEqual(['dangling -> doc/none', 'doc/ 755', 'doc/a 644', 'doc/here -> ./a', 'doc/up -> ../ipfs', 'ipfs 755'])
})

describe('a tar is refused, and leaves nothing that runs, which has', () => {
  const many = Array.from({ length: MAX_ENTRIES }, (_, i): TarEntry => ({ name: `kubo/${i}` }))
  test.each<[string, readonly TarEntry[]]>([
    ['an absolute path', [IPFS, { name: '/tmp/evil', content: 'x' }]],
    ['.. in the middle', [IPFS, { name: 'kubo/../../evil', content: 'x' }]],
    ['.. at the start', [{ name: '../evil', content: 'x' }, IPFS]],
    ['.. at the end', [IPFS, { name: 'kubo/a/..', type: '5' }]],
    ['.. in the extended header', [IPFS, pax({ path: 'kubo/../../evil' }), { name: 'kubo/good', content: 'x' }]],
    ['an absolute path in the GNU way', [IPFS, { name: '././@LongLink', type: 'L', content: '/tmp/evil\0' }, { name: 'kubo/good' }]],
    ['an empty name', [IPFS, { name: 'kubo//evil' }]],
    ['a name .', [IPFS, { name: 'kubo/./evil' }]],
    ['a backslash', [IPFS, { name: 'kubo/..\\evil' }]],
    ['a control character', [IPFS, { name: 'kubo/e\u001b[31mvil' }]],
    ['a name that is no text', [IPFS, pax({ path: 'kubo/\ufffd' }), { name: 'x' }]],
    ['a name that is too long', [IPFS, pax({ path: `kubo/${'x'.repeat(256)}` }), { name: 'x' }]],
    ['a path that is too deep', [IPFS, pax({ path: `kubo/${'x/'.repeat(40)}` }), { name: 'x' }]],
    ['a link that leads up', [IPFS, { name: 'kubo/evil', type: '2', link: '../evil' }]],
    ['a link that leads up from below', [IPFS, { name: 'kubo/a/evil', type: '2', link: '../../evil' }]],
    ['a link that leads down and then up', [IPFS, { name: 'kubo/evil', type: '2', link: 'a/../../evil' }]],
    ['a link that goes through another', [IPFS, { name: 'kubo/a/top', type: '2', link: '..' }, { name: 'kubo/evil', type: '2', link: 'a/top/..' }]],
    ['an absolute link', [IPFS, { name: 'kubo/evil', type: '2', link: '/etc/passwd' }]],
    ['a link to nothing', [IPFS, { name: 'kubo/evil', type: '2', link: '' }]],
    ['a file below a link', [IPFS, { name: 'kubo/a', type: '2', link: '.' }, { name: 'kubo/a/evil', content: 'x' }]],
    ['a file in place of a link', [IPFS, { name: 'kubo/a', type: '2', link: 'ipfs' }, { name: 'kubo/a', content: 'x' }]],
    ['a hard link', [IPFS, { name: 'kubo/evil', type: '1', link: 'kubo/ipfs' }]],
    ['a hard link out of it', [IPFS, { name: 'kubo/evil', type: '1', link: '/etc/passwd' }]],
    ['a character device', [IPFS, { name: 'kubo/evil', type: '3' }]],
    ['a block device', [IPFS, { name: 'kubo/evil', type: '4' }]],
    ['a fifo', [IPFS, { name: 'kubo/evil', type: '6' }]],
    ['a sparse file', [IPFS, { name: 'kubo/evil', type: 'S' }]],
    ['a path twice', [IPFS, { name: 'kubo/a', content: '1' }, { name: 'kubo/a', content: '2' }]],
    ['the program twice', [IPFS, { ...IPFS, content: 'evil' }]],
    ['a path twice for some disks', [IPFS, { name: 'kubo/IPFS', content: 'evil' }]],
    ['a path twice in two spellings', [IPFS, pax({ path: 'kubo/\u00e9' }), { name: 'x' }, pax({ path: 'kubo/e\u0301' }), { name: 'x' }]],
    ['a file as a folder', [IPFS, { name: 'kubo/a' }, { name: 'kubo/a/b' }]],
    ['a folder as a file', [IPFS, { name: 'kubo/a/b' }, { name: 'kubo/a' }]],
    ['two top folders', [IPFS, { name: 'other/file' }]],
    ['a file for its top', [{ name: 'ipfs', mode: 0o755, content: 'x' }]],
    ['no program', [{ name: 'kubo/LICENSE' }]],
    ['a program further below', [{ name: 'kubo/bin/ipfs', mode: 0o755 }]],
    ['a program that is a link', [{ name: 'kubo/ipfs', type: '2', link: 'other' }, { name: 'kubo/other' }]],
    ['a program that is a folder', [{ name: 'kubo/ipfs', type: '5' }, { name: 'kubo/ipfs/ipfs' }]],
    ['a program of another case', [{ name: 'kubo/Ipfs', mode: 0o755 }, { name: 'kubo/LICENSE' }]],
    ['a release.json of its own', [IPFS, { name: 'kubo/release.json', content: '{}' }]],
    ['a SHA256SUMS of its own', [IPFS, { name: 'kubo/SHA256SUMS' }]],
    ['too many entries', [IPFS, ...many]],
    ['a file that is too large', [IPFS, { name: 'kubo/bomb', sizeBytes: MAX_ENTRY_BYTES + 1 }]],
    ['nothing in it', []],
  ])('%s', async (_what, entries) => {
    await expect(unpack(tarGz(entries))).rejects.toMatchObject(REFUSED)
    nothingRuns()
  })

  test.each<[string, () => Uint8Array]>([
    ['an end that is cut off', () => tarGz([IPFS, { name: 'kubo/z', content: seededBytes(100_000) }]).subarray(0, 50_000)],
    ['its last byte missing', () => tarGz([IPFS]).subarray(0, -1)],
    ['no bytes', () => new Uint8Array(0)],
    ['no gzip', () => tar([IPFS])],
    ['no tar in it', () => gzipSync(seededBytes(5000))],
    ['a wrong byte in the middle', () => { const bytes = Buffer.from(tarGz([IPFS, { name: 'kubo/z', content: seededBytes(10_000) }])); bytes[5000]! ^= 1; return bytes }],
    ['a wrong sum at the end', () => { const bytes = Buffer.from(tarGz([IPFS])); bytes[bytes.length - 8]! ^= 1; return bytes }],
    ['a tar that ends in a file', () => gzipSync(tar([IPFS, { name: 'kubo/z', content: seededBytes(2000), sizeBytes: 5000 }], false))],
    ['garbage behind the tar', () => gzipSync(Buffer.concat([tar([IPFS]), seededBytes(2048)]))],
    ['garbage behind the gzip', () => Buffer.concat([tarGz([IPFS]), seededBytes(100)])],
    ['zeros behind the gzip', () => Buffer.concat([tarGz([IPFS]), new Uint8Array(512)])],
    ['many zeros behind the gzip', () => Buffer.concat([tarGz([IPFS]), new Uint8Array(500_000)])],
    ['a header with a wrong sum', () => { const bytes = tar([IPFS]); bytes[0]! ^= 1; return gzipSync(bytes) }],
    ['an extended header that is huge', () => gzipSync(tar([IPFS, { name: 'pax', type: 'x', content: Buffer.alloc(5 * 1024 * 1024, 'x') }]))],
  ])('%s', async (_what, make) => {
    await expect(unpack(make())).rejects.toMatchObject(REFUSED)
    nothingRuns()
  })

  test('files that are too large together', async () => {
    const tree = new UnpackedTree(folder)
    const half = { mode: 0o644, sizeBytes: MAX_UNPACKED_BYTES / 2, source: (async function * (): AsyncGenerator<Uint8Array> {})() }
    for (const name of ['kubo/1', 'kubo/2']) await expect(tree.addFile(name, half)).rejects.toThrow(`0 bytes that tells ${half.sizeBytes}`)
    await expect(tree.addFile('kubo/3', { ...half, sizeBytes: 1 })).rejects.toThrow(`over ${MAX_UNPACKED_BYTES} bytes`)
    await expect(new UnpackedTree(folder).addFile('kubo/1', { ...half, sizeBytes: MAX_ENTRY_BYTES + 1 })).rejects.toThrow(`the limit is ${MAX_ENTRY_BYTES}`)
  })

  test('a file in place of its folder, and says so', async () => {
    await expect(unpack(tarGz([{ name: 'ipfs', mode: 0o755, content: 'x' }]))).rejects.toThrow('its top is no folder')
  })
})

describe('a zip', () => {
  const IPFS_ZIP: ZipEntry = { name: 'kubo/ipfs', mode: 0o100755, content: '#!/bin/sh\n' }
  const asZip = async (entries: readonly ZipEntry[]): Promise<void> => { await unpack(zip(entries), 'kubo_v0.43.0_windows-amd64.zip') }

  test('is unpacked the same way', async () => {
    await asZip([{ name: 'kubo/', mode: 0o040777 }, IPFS_ZIP, { name: 'kubo/doc/big', content: seededBytes(300_000) }, { name: 'kubo/stored', content: 'as it is', stored: true, mode: 0 }])
    expect(listing()).toEqual(['doc/ 755', 'doc/big 644', 'ipfs 755', 'stored 644'])
    expect(readFileSync(path.join(folder, 'doc/big')).equals(seededBytes(300_000))).toBe(true)
    expect(readFileSync(path.join(folder, 'stored'), 'utf8')).toBe('as it is')
  })

  test.each<[string, readonly ZipEntry[]]>([
    ['an absolute path', [IPFS_ZIP, { name: '/tmp/evil' }]],
    ['.. in a path', [IPFS_ZIP, { name: 'kubo/../../evil' }]],
    ['.. with backslashes', [IPFS_ZIP, { name: 'kubo\\..\\..\\evil' }]],
    ['a drive', [IPFS_ZIP, { name: 'C:/evil' }]],
    ['a symbolic link', [IPFS_ZIP, { name: 'kubo/evil', mode: 0o120777, content: '/etc/passwd' }]],
    ['a device', [IPFS_ZIP, { name: 'kubo/evil', mode: 0o020666 }]],
    ['a folder that is called like a file', [IPFS_ZIP, { name: 'kubo/evil', mode: 0o040755 }]],
    ['a path twice', [IPFS_ZIP, IPFS_ZIP]],
    ['more bytes than are told', [{ ...IPFS_ZIP, content: 'x'.repeat(5000), sizeBytes: 10 }]],
    ['fewer bytes than are told', [{ ...IPFS_ZIP, sizeBytes: 5000 }]],
    ['a file that is too large', [IPFS_ZIP, { name: 'kubo/bomb', sizeBytes: MAX_ENTRY_BYTES + 1 }]],
    ['an encrypted file', [{ ...IPFS_ZIP, flags: 1 }]],
    ['too many entries', [IPFS_ZIP, ...Array.from({ length: MAX_ENTRIES }, (_, i): ZipEntry => ({ name: `kubo/${i}`, stored: true }))]],
    ['no program', [{ name: 'kubo/LICENSE' }]],
    ['nothing in it', []],
  ])('is refused for %s', async (_what, entries) => {
    await expect(asZip(entries)).rejects.toMatchObject(REFUSED)
    nothingRuns()
  })

  test('that is encrypted is told from one that is damaged', async () => {
    await expect(asZip([{ ...IPFS_ZIP, flags: 1 }])).rejects.toThrow('a file that is encrypted')
  })

  test.each<[string, () => Uint8Array]>([
    ['no zip', () => seededBytes(1000)], ['no bytes', () => new Uint8Array(0)], ['its end missing', () => zip([IPFS_ZIP]).subarray(0, -30)],
    ['a wrong byte', () => { const bytes = Buffer.from(zip([{ name: 'kubo/ipfs', content: seededBytes(5000), stored: true }])); bytes[1000]! ^= 1; return bytes }],
  ])('is refused for %s', async (_what, make) => {
    await expect(unpack(make(), 'kubo.zip')).rejects.toMatchObject(REFUSED)
    nothingRuns()
  })
})

test('another ending is refused', async () => {
  await expect(unpack(tarGz([IPFS]), 'kubo_v0.43.0_linux-amd64.tar.xz')).rejects.toMatchObject(REFUSED)
})

test.each(['kubo.tar.gz', 'kubo.zip'])('the signal stops it with its reason: %s', async name => {
  const stop = new AbortController()
  const bytes = name.endsWith('zip') ? zip([{ name: 'kubo/z', content: seededBytes(30_000_000), stored: true }]) : tarGz([{ name: 'kubo/z', content: seededBytes(30_000_000) }])
  const ended = unpack(bytes, name, stop.signal).then(() => 'done', (e: unknown) => e)
  while (!existsSync(path.join(folder, 'z')) && await Promise.race([ended, new Promise(resolve => { setImmediate(resolve) })]) === undefined) { /* it has not begun to write */ }
  const reason = new Error('enough')
  stop.abort(reason)
  expect(await ended).toBe(reason)
})

test('an archive that is not there is no refusal', async () => {
  await expect(unpackArchive(path.join(dir, 'none'), 'kubo.tar.gz', folder, new AbortController().signal)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  await expect(unpackArchive(path.join(dir, 'none'), 'kubo.zip', folder, new AbortController().signal)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
})

test('a file that is there before is not written over', async () => {
  writeFileSync(path.join(folder, 'ipfs'), 'mine')
  chmodSync(path.join(folder, 'ipfs'), 0o600)
  await expect(unpack(tarGz([IPFS]))).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  expect(readFileSync(path.join(folder, 'ipfs'), 'utf8')).toBe('mine')
})
