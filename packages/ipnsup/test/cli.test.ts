import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { toFileBytes } from '../src/domain/record-file.ts'
import type { Answers } from './fake-node.ts'
import { runIpnsup, type IpnsupRan, type IpnsupRun } from './run-ipnsup.ts'
import { atPlaces, awaited, CONTACTS, expired, forked, NODE, NOT_SYNCED, NOTHING_TO_SYNC, published, resolved, SYNCED, unanswered, viaDnslink } from './sample-answers.ts'
import { BLOG, BLOG_NAME, HOUR, NOW, sampleRecord, SELF, SELF_NAME, VALUE } from './sample-names.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipnsup-cli-'))
  file('fresh.bin', toFileBytes(SELF_NAME, sampleRecord(NOW + HOUR, { extra: { _note: 'hi', _bytes: Uint8Array.of(1, 2) } }).bytes))
  file('keyless.bin', sampleRecord(NOW + HOUR).bytes)
  file(`${SELF_NAME.text}.ipns-record`, sampleRecord(NOW + HOUR, { v2Only: true }).bytes)
  file('expired.bin', toFileBytes(SELF_NAME, sampleRecord(NOW - 30 * HOUR).bytes))
  const altered = toFileBytes(SELF_NAME, sampleRecord(NOW + HOUR, { v2Only: true }).bytes)
  altered[altered.length - 20]! ^= 1
  file('altered.bin', altered)
  file('cut.bin', sampleRecord(NOW + HOUR).bytes.subarray(0, 100))
  file('large.bin', new Uint8Array(10_241))
  file('empty.bin', '')
  file('blog.key', Buffer.concat([Buffer.from('08011240', 'hex'), BLOG.exportSeed(), BLOG.publicKey]))
  file('two-keys.key', Buffer.concat([Buffer.from('08011240', 'hex'), BLOG.exportSeed(), SELF.publicKey]))
  file('rsa.key', Buffer.from('080012a604', 'hex'))
})
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

const at = (name: string): string => path.join(folder, name)
const file = (name: string, content: string | Uint8Array): void => { writeFileSync(at(name), content) }
const run = async (argv: readonly string[], answers: Answers = {}, options: IpnsupRun = {}): Promise<IpnsupRan> =>
  await runIpnsup(argv, { cwd: folder, contacts: CONTACTS, ...options, node: { ...NODE, ...answers } })
const json = async (argv: readonly string[], answers?: Answers): Promise<Record<string, unknown>> => JSON.parse((await run([...argv, '--json'], answers)).stdout.split('\n')[0]!) as Record<string, unknown>

describe('golden runs', () => {
  test.each<[name: string, argv: readonly string[], answers?: Answers, options?: IpnsupRun]>([
    ['help', ['--help']],
    ['help-publish', ['publish', '--help']],
    ['help-resolve', ['resolve', '--help']],
    ['help-key', ['key', '--help']],
    ['publish-local', ['publish', 'bafkqaddwgevxmmraojswg33smq']],
    ['publish-a-moment-ago', ['publish', 'bafkqaddwgevxmmraojswg33smq'], { publish: () => published({ validUntil: new Date(NOW + 48 * HOUR - 200).toISOString().replace('Z', '000000Z') }) }],
    ['publish-local-json', ['publish', 'bafkqaddwgevxmmraojswg33smq', '--json']],
    ['publish-at-places', ['publish', VALUE, '--key', 'self', '--lifetime', '48h', '--ttl', '5m'], { publish: () => atPlaces }],
    ['publish-at-places-json', ['publish', VALUE, '--json'], { publish: () => atPlaces }],
    ['publish-heals', ['publish', VALUE], { publish: () => published({ healedFork: true, sequence: '4' }) }],
    ['publish-odd-key', ['publish', VALUE, '--key', 'a/b']],
    ['publish-no-value', ['publish', 'hello']],
    ['publish-sequence', ['publish', VALUE, '--sequence', '18446744073709551616']],
    ['resolve', ['resolve', SELF_NAME.text]],
    ['resolve-json', ['resolve', 'self', '--json']],
    ['resolve-expired', ['resolve', SELF_NAME.text, '--offline'], { resolve: () => expired }],
    ['resolve-expired-json', ['resolve', SELF_NAME.text, '--offline', '--json'], { resolve: () => expired }],
    ['resolve-fork', ['resolve', SELF_NAME.text], { resolve: () => forked }],
    ['resolve-dnslink-expired', ['resolve', 'example.com'], { resolve: () => viaDnslink }],
    ['resolve-dnslink-json', ['resolve', 'example.com', '--json'], { resolve: () => viaDnslink }],
    ['resolve-clock', ['resolve', SELF_NAME.text], { resolve: () => resolved({ clock: 'set-back' }) }],
    ['resolve-from-failed', ['resolve', SELF_NAME.text, '--from', 'bob', '--from', 'https://router.example'], { resolve: () => unanswered }],
    ['resolve-two-limits', ['resolve', SELF_NAME.text, '--require-fresh', '--max-stale', '1d']],
    ['resolve-offline-from', ['resolve', SELF_NAME.text, '--offline', '--from', 'bob']],
    ['resolve-no-name', ['resolve', 'laptop']],
    ['export-json', ['export', 'self', '--json']],
    ['export-unknown', ['export', BLOG_NAME.text, '-o', 'x']],
    ['export-to-terminal', ['export', 'self'], {}, { tty: { stdout: true } }],
    ['import', ['import', 'fresh.bin', 'cut.bin', 'large.bin', 'empty.bin', 'missing.bin'], {
      importRecord: ({ name, record }) => record.length === 100 ? { name, accepted: false, relation: null, reason: { code: 'RECORD_TRUNCATED', message: 'the record ends inside a field' } } : { name, accepted: true, relation: 'newer', reason: null },
    }],
    ['import-cures', ['import', 'fresh.bin', 'keyless.bin', '.'], {
      importRecord: ({ name }) => ({ name, accepted: false, relation: null, reason: name === null ? { code: 'RECORD_NAME_UNKNOWN', message: 'it does not say whose it is' } : { code: 'RECORD_EXPIRED', message: 'it expired, and nothing is remembered of this name' } }),
    }],
    ['import-json', ['import', 'fresh.bin', 'large.bin', '--json']],
    ['inspect', ['inspect', 'fresh.bin']],
    ['inspect-json', ['inspect', 'fresh.bin', '--json']],
    ['inspect-expired', ['inspect', 'expired.bin']],
    ['inspect-name', ['inspect', SELF_NAME.text]],
    ['inspect-by-file-name', ['inspect', `./${SELF_NAME.text}.ipns-record`]],
    ['inspect-keyless', ['inspect', 'keyless.bin']],
    ['inspect-keyless-verified', ['inspect', 'keyless.bin', '--verify', SELF_NAME.text, '--json']],
    ['inspect-other-name', ['inspect', 'fresh.bin', '--verify', BLOG_NAME.text]],
    ['inspect-verified-by-key', ['inspect', 'keyless.bin', '--verify', 'blog']],
    ['inspect-large', ['inspect', 'large.bin', '--verify', SELF_NAME.text]],
    ['inspect-key', ['inspect', 'self']],
    ['inspect-folder', ['inspect', '.']],
    ['inspect-altered', ['inspect', 'altered.bin']],
    ['inspect-cut-json', ['inspect', 'cut.bin', '--json']],
    ['status', ['status']],
    ['status-json', ['status', '--json']],
    ['status-awaited', ['status', SELF_NAME.text], { names: () => [awaited] }],
    ['status-awaited-json', ['status', SELF_NAME.text, '--json'], { names: () => [awaited] }],
    ['status-empty', ['status'], { names: () => [] }],
    ['sync', ['sync']],
    ['sync-json', ['sync', '--json'], { sync: () => [...SYNCED, ...NOT_SYNCED] }],
    ['sync-nobody', ['sync'], { sync: () => [] }],
    ['sync-nothing', ['sync', 'https://router.example'], { sync: () => NOTHING_TO_SYNC }],
    ['sync-unreachable', ['sync', 'https://router.example'], { sync: () => NOT_SYNCED }],
    ['sync-other-url', ['sync', 'ftp://router.example']],
    ['sync-user-in-url', ['sync', 'https://me:secret@router.example']],
    ['follow', ['follow', SELF_NAME.text]],
    ['unfollow', ['unfollow', SELF_NAME.text]],
    ['forget', ['forget', 'self']],
    ['forget-nothing', ['forget', SELF_NAME.text], { forget: ({ name }) => ({ name, forgotten: false }) }],
    ['watch', ['watch', SELF_NAME.text]],
    ['watch-unknown', ['watch', BLOG_NAME.text], { watch: () => [] }],
    ['watch-json', ['watch', SELF_NAME.text, '--json']],
    ['serve', ['serve', '--http', '127.0.0.1:8080']],
    ['serve-stop', ['serve', '--stop', '--json']],
    ['serve-bad-address', ['serve', '--http', 'localhost']],
    ['key-ls', ['key', 'ls']],
    ['key-new', ['key', 'new', 'blog']],
    ['key-new-odd', ['key', 'new', 'a/b']],
    ['key-new-like-a-name', ['key', 'new', SELF_NAME.text]],
    ['key-new-like-a-domain', ['key', 'new', 'my.blog']],
    ['key-new-long', ['key', 'new', 'b'.repeat(41)]],
    ['key-rm-unasked', ['key', 'rm', 'blog']],
    ['key-rm-asked', ['key', 'rm', 'blog'], {}, { tty: { stdin: true, stderr: true }, answers: ['y'] }],
    ['key-rm-not', ['key', 'rm', 'blog'], {}, { tty: { stdin: true, stderr: true }, answers: [''] }],
    ['key-export-nowhere', ['key', 'export', 'blog']],
    ['key-import', ['key', 'import', 'blog', 'blog.key']],
    ['key-import-two-keys', ['key', 'import', 'blog', 'two-keys.key']],
    ['key-import-rsa', ['key', 'import', 'blog', 'rsa.key']],
    ['node-status', ['node', 'status']],
  ])('%s', async (name, argv, answers = {}, options = {}) => { // defaults: jest gives its own callback to a parameter that a row leaves out
    const { transcript } = await run(argv, answers, options)
    expect(transcript).toBe(await golden(import.meta.url, name, transcript))
  })
})

describe('exit codes', () => {
  test.each<[exit: number, argv: readonly string[], answers?: Answers]>([
    [0, ['resolve', SELF_NAME.text], { resolve: () => expired }],
    [8, ['resolve', SELF_NAME.text], { resolve: () => { throw new AppError('RECORD_EXPIRED', 'expired', { exit: 'refused' }) } }],
    [0, ['import', 'fresh.bin']],
    [3, ['import', 'fresh.bin', 'missing.bin']],
    [4, ['import', 'missing.bin']],
    [8, ['import', 'missing.bin', 'large.bin']],
    [8, ['import', 'expired.bin'], { importRecord: ({ name }) => ({ name, accepted: false, relation: null, reason: { code: 'RECORD_EXPIRED', message: 'expired' } }) }],
    [0, ['inspect', 'expired.bin']],
    [8, ['inspect', 'altered.bin']],
    [8, ['inspect', 'keyless.bin']],
    [4, ['inspect', 'missing.bin']],
    [2, ['key', 'import', 'my.blog', 'blog.key']],
    [4, ['inspect', BLOG_NAME.text]],
    [2, ['inspect', 'fresh.bin', '--verify', 'nobody']],
    [0, ['sync']],
    [3, ['sync'], { sync: () => [...SYNCED, ...NOT_SYNCED] }],
    [5, ['sync'], { sync: () => NOT_SYNCED }],
    [4, ['sync', 'carol']],
    [2, ['sync', 'https://me@router.example']],
    [2, ['sync', 'https://:secret@router.example']],
    [2, ['sync', 'https://']],
    [4, ['forget', 'self'], { forget: ({ name }) => ({ name, forgotten: false }) }],
  ])('%d: ipnsup %j', async (exit, argv, answers = {}) => { expect((await run(argv, answers)).exit).toBe(exit) })
})

describe('what the node is asked', () => {
  const asked = async (argv: readonly string[], options: IpnsupRun = {}): Promise<unknown> => (await run(argv, {}, options)).calls.at(-1)
  const target = SELF_NAME.text

  test.each<[argv: readonly string[], method: string, params: object]>([
    [['publish', 'bafkqaddwgevxmmraojswg33smq'], 'publish', { value: VALUE, key: 'self', lifetimeMs: 48 * HOUR, ttlNs: '300000000000', sequence: null, v2Only: false }],
    [['publish', VALUE, '-k', 'blog', '--lifetime', '1d', '--ttl', '90s', '--sequence', '18446744073709551615', '--v2-only'], 'publish',
      { value: VALUE, key: 'blog', lifetimeMs: 24 * HOUR, ttlNs: '90000000000', sequence: '18446744073709551615', v2Only: true }],
    [['resolve', target], 'resolve', { target, offline: false, maxStaleMs: null, acceptUnknownExpired: false, recurse: true, from: [] }],
    [['resolve', target, '--offline', '--require-fresh', '--no-recurse', '--accept-unknown-expired'], 'resolve', { target, offline: true, maxStaleMs: 0, acceptUnknownExpired: true, recurse: false, from: [] }],
    [['resolve', '/ipns/Example.com', '--max-stale', '7d'], 'resolve', { target: 'example.com', offline: false, maxStaleMs: 168 * HOUR, acceptUnknownExpired: false, recurse: true, from: [] }],
    [['resolve', target, '--from', 'bob', '--from', 'http://192.168.1.7:8080', '--from', CONTACTS[0]!.peerId, '--from', '/ip4/10.0.0.1/tcp/4101'], 'resolve', {
      target, offline: false, maxStaleMs: null, acceptUnknownExpired: false, recurse: true,
      from: [[`/ip4/192.168.1.8/tcp/4101/p2p/${CONTACTS[0]!.peerId}`], ['http://192.168.1.7:8080'], [`/ip4/192.168.1.8/tcp/4101/p2p/${CONTACTS[0]!.peerId}`], ['/ip4/10.0.0.1/tcp/4101']],
    }],
    [['sync', '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'], 'sync', { places: [['12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV']] }],
    [['follow', '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'], 'follow', { name: target }],
    [['forget', '/ipns/Example.com'], 'forget', { name: 'example.com' }],
    [['status', 'blog'], 'names', { name: BLOG_NAME.text }],
    [['serve'], 'serve', { http: null }],
    [['key', 'import', 'blog', 'blog.key'], 'keyImport', { key: 'blog', seed: BLOG.exportSeed() }],
    [['import', 'fresh.bin', '--accept-unknown-expired'], 'importRecord', { name: target, record: expect.any(Uint8Array), acceptUnknownExpired: true }],
    [['import', 'keyless.bin'], 'importRecord', { name: null, record: expect.any(Uint8Array), acceptUnknownExpired: false }],
    [['import', 'keyless.bin', '--name', 'blog'], 'importRecord', { name: BLOG_NAME.text, record: expect.any(Uint8Array), acceptUnknownExpired: false }],
    [['import', 'fresh.bin', '--name', 'blog'], 'importRecord', { name: BLOG_NAME.text, record: expect.any(Uint8Array), acceptUnknownExpired: false }],
    [['import', `${SELF_NAME.text}.ipns-record`], 'importRecord', { name: target, record: expect.any(Uint8Array), acceptUnknownExpired: false }],
  ])('ipnsup %j', async (argv, method, params) => { expect(await asked(argv)).toEqual({ method, params }) })

  test.each([`${SELF_NAME.text}x!`, `/ipns/${SELF_NAME.text}/docs`, '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5p', 'example..com/x'])('what cannot be a name is told without the node: %s', async text => {
    const { exit, calls } = await run(['resolve', text])
    expect([exit, calls]).toEqual([2, []])
  })

  test('a file is inspected without the node', async () => {
    expect((await run(['inspect', 'fresh.bin'])).calls).toEqual([])
    expect((await run(['inspect', '-'], {}, { stdin: readFileSync(at('fresh.bin')) })).exit).toBe(0)
  })
})

describe('files', () => {
  test('an exported record says whose it is, and another one replaces it only with --force', async () => {
    expect(await run(['export', 'self', '-o', 'self.bin'])).toMatchObject({ exit: 0, stdout: `self.bin\n  names ${VALUE}, sequence 3\n` })
    expect((await run(['inspect', 'self.bin'])).exit).toBe(0)
    expect(await run(['export', 'self', '-o', 'self.bin'])).toMatchObject({ exit: 8, stderr: expect.stringMatching(/'self.bin' exists already\n.*--force/) })
    expect((await run(['export', 'self', '-o', 'self.bin', '--force'])).exit).toBe(0)
    expect((await run(['export', 'self', '-o', '-'], {}, { tty: { stdout: true } })).stdoutBytes).toEqual(new Uint8Array(readFileSync(at('self.bin'))))
  })

  test('into a folder it goes under its name', async () => {
    const into = mkdtempSync(path.join(folder, 'stick-'))
    for (const output of [into, `${into}/`]) await run(['export', 'self', '-o', output])
    expect(readdirSync(into)).toEqual([`${SELF_NAME.text}.ipns-record`])
    expect((await run(['export', 'self', '-o', 'nowhere/'])).exit).toBe(4)
  })

  test('an expired record is exported with a warning', async () => {
    const record: Answers = { record: () => ({ record: sampleRecord(NOW - HOUR).bytes, expired: true }) }
    expect(await run(['export', 'self', '-o', 'old.bin'], record)).toMatchObject({ exit: 0, stderr: 'ipnsup: warning: this record expired at 2026-01-15 11:00 UTC, 1 h ago: only those who know the name take it\n' })
  })

  test.each([['libp2p', 'blog.key'], ['pem', 'blog.pem']])('a key goes out as %s and comes back', async (format, name) => {
    const into = mkdtempSync(path.join(folder, 'keys-'))
    const out = await run(['key', 'export', 'blog', '--format', format, '-o', into])
    expect(out).toMatchObject({ exit: 0, stdout: `${path.join(into, name)}\n`, stderr: expect.stringContaining('not encrypted') })
    expect(statSync(path.join(into, name)).mode & 0o777).toBe(0o600)
    expect((await run(['key', 'import', 'copy', path.join(into, name)])).calls).toEqual([{ method: 'keyImport', params: { key: 'copy', seed: BLOG.exportSeed() } }])
  })

  test('of a key that was not written nothing is warned', async () => {
    file('there.key', 'x')
    expect(await run(['key', 'export', 'blog', '-o', 'there.key'])).toMatchObject({ exit: 8, stderr: expect.not.stringContaining('not encrypted') })
  })

  test('a key whose public half is not its own is not even handed to the node', async () => {
    expect(await run(['key', 'import', 'blog', 'two-keys.key'])).toMatchObject({ exit: 8, calls: [] })
  })

  test('escape codes in what came from outside do not reach the terminal', async () => {
    const value = '/ipfs/x\u001b]0;owned\u0007\n/ipfs/y'
    const record: Answers = { record: () => ({ record: sampleRecord(NOW + HOUR, { value }).bytes, expired: false }) }
    for (const argv of [['inspect', SELF_NAME.text], ['export', 'self', '-o', 'odd.bin', '--force']]) {
      const { stdout, stderr } = await run(argv, record)
      // eslint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u001b\u0007]|^\s*\/ipfs\/y/mu)
    }
  })
})

test('the README names every key of --json', async () => {
  const readme = readFileSync(path.join(import.meta.dirname, '../README.md'), 'utf8')
  const rows = readme.slice(readme.indexOf('## JSON')).split('\n').filter(line => line.startsWith('| `ipnsup '))
  const named = (command: string): string[] => {
    const row = rows.find(line => line.split('|')[1]!.includes(`\`ipnsup ${command}\``)) ?? ''
    return [...row.split('|').slice(2).join('|').replace(/\([^)]*\)/g, '').matchAll(/`([a-zA-Z0-9]+)`/g)].map(m => m[1]!).sort()
  }
  const keys = async (argv: readonly string[], answers?: Answers): Promise<string[]> => Object.keys(await json(argv, answers)).sort()
  const reason = (all: string[]): string[] => [...new Set([...all, 'reason'])].sort()
  expect(await keys(['publish', VALUE])).toEqual(named('publish'))
  expect(await keys(['resolve', 'self'])).toEqual(named('resolve'))
  expect(reason(await keys(['inspect', 'fresh.bin']))).toEqual(named('inspect'))
  expect(reason(await keys(['import', 'fresh.bin']))).toEqual(named('import'))
  expect(await keys(['export', 'self'])).toEqual(named('export'))
  expect(await keys(['status'])).toEqual(named('status'))
  expect(await keys(['sync'])).toEqual(named('sync'))
  expect(await keys(['watch', 'self'])).toEqual(named('watch'))
  expect(await keys(['follow', 'self'])).toEqual(named('follow'))
  expect(await keys(['forget', 'self'])).toEqual(named('forget'))
  expect(await keys(['serve'])).toEqual(named('serve'))
  expect(await keys(['serve', '--stop'])).toEqual(named('serve --stop'))
  expect(await keys(['key', 'ls'])).toEqual(named('key ls'))
  expect(await keys(['key', 'export', 'blog', '-o', 'json.key'])).toEqual(named('key export'))
})
