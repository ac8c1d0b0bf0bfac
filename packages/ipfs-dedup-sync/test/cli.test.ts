import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { golden } from '@ipkit/testkit/run-cli/golden'
import type { Answers } from './fake-node.ts'
import { runSync, type SyncRan, type SyncRun } from './run-sync.ts'
import { added, BOB, broken, CONTACTS, moved, NAME, NODE, OLD_ROOT, published, ROOT, whole } from './sample-results.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'dedup-sync-cli-'))
  writeFileSync(path.join(folder, 'chunk.key'), `${'0f'.repeat(32)}\n`)
  writeFileSync(path.join(folder, 'short.key'), '0f0f\n')
})
afterAll(() => { rmSync(folder, { recursive: true, force: true }) })

const LINK = `ipfs://192.168.1.7/tcp/4101/p2p/${BOB}/${ROOT}?also=/ip4/127.0.0.1/tcp/4101`
const run = async (argv: readonly string[], answers: Answers = {}, options: SyncRun = {}): Promise<SyncRan> => await runSync(argv, { cwd: folder, contacts: CONTACTS, ...options, node: { ...NODE, ...answers } })
const refuses = (code: string, message: string, exit: 'notFound' | 'refused' | 'unreachable'): (() => never) => () => { throw new AppError(code, message, { exit, hints: ['do something else'] }) }

describe('golden runs', () => {
  test.each<[name: string, argv: readonly string[], answers?: Answers, options?: SyncRun]>([
    ['help', ['--help']],
    ['help-add', ['add', '--help']],
    ['help-publish', ['publish', '--help']],
    ['help-pull', ['pull', '--help']],
    ['help-watch', ['watch', '--help']],
    ['add', ['add', 'data.tar.gz']],
    ['add-json', ['add', 'data.tar.gz', '--json']],
    ['add-small', ['add', 'x'], { add: () => ({ ...added, sizeBytes: 2, newBytes: 2, newBlocks: 1, reusedBytes: 0, layers: [], edit: { nodes: 0, bytes: 2 } }) }],
    ['add-no-copy', ['add', 'big.iso', '--no-copy']],
    ['add-dry-run', ['add', 'data.tar.gz', '--dry-run']],
    ['add-unchanged', ['add', 'data.tar.gz'], { add: () => ({ ...added, newBlocks: 0, newBytes: 0 }) }],
    ['add-notes', ['add', 'odd.tar.gz'], { add: () => ({ ...added, layers: [{ format: 'gzip', encoder: 'unknown', level: null, exact: false }, { format: 'zip', encoder: null, level: null, exact: false }], notes: Array.from({ length: 8 }, (_, i) => `member ${i} was not looked into\u0007`) }) }],
    ['add-nowhere', ['add', 'data.tar.gz'], { add: () => ({ ...added, addresses: [] }) }],
    ['add-missing', ['add', 'nothing'], { add: refuses('FILE_NOT_FOUND', "there is no file '/x/nothing'", 'notFound') }],
    ['add-odd-chunker', ['add', 'x', '--chunker=fastdcd']],
    ['add-chunker-with-key', ['add', 'x', '--chunker=buzhash', '--encrypt-chunking', 'chunk.key']],
    ['add-key-not-set', ['add', 'x', '--encrypt-chunking', 'env:CHUNK_KEY']],
    ['add-key-short', ['add', 'x', '--encrypt-chunking', 'short.key']],
    ['add-stdin-no-copy', ['add', '-', '--no-copy']],
    ['recompute', ['recompute', 'data.tar.gz']],
    ['publish', ['publish', 'data.tar.gz', '-m', 'three edits']],
    ['publish-json', ['publish', 'data.tar.gz', '--json']],
    ['publish-no-change', ['publish', 'data.tar.gz'], { publish: () => ({ ...published, created: false, newBytes: 0, newBlocks: 0 }) }],
    ['publish-self', ['publish', 'x', '--name', 'self'], { publish: () => ({ ...published, key: 'self', warnings: [{ code: 'NAME_SHARED', message: 'self is the name of this home' }] }) }],
    ['publish-odd-key', ['publish', 'x', '--name', 'a/b']],
    ['publish-long-note', ['publish', 'x', '-m', 'x'.repeat(513)]],
    ['pull', ['pull', NAME, '-o', 'data.tar.gz']],
    ['pull-json', ['pull', NAME, '-o', 'data.tar.gz', '--json']],
    ['pull-kept', ['pull', ROOT], { pull: () => ({ ...moved, file: null, name: null, version: null, commit: null }) }],
    ['pull-nothing-new', ['pull', NAME, '-o', 'x'], { pull: () => ({ ...moved, receivedBytes: 0, sentBytes: 0, newBytes: 0 }) }],
    ['pull-warned', ['pull', NAME, '-o', 'x'], { pull: () => ({ ...moved, warnings: [{ code: 'EXPIRED', message: 'the record expired' }] }) }],
    ['pull-warned-json', ['pull', NAME, '-o', 'x', '--json'], { pull: () => ({ ...moved, warnings: [{ code: 'EXPIRED', message: 'the record expired' }] }) }],
    ['pull-dry-run', ['pull', NAME, '--dry-run'], { pull: () => ({ ...moved, file: null, expectedBytes: 1119 }) }],
    ['pull-dry-run-here', ['pull', NAME, '--dry-run'], { pull: () => ({ ...moved, file: null, expectedBytes: null }) }],
    ['pull-to-stdout', ['pull', NAME, '-o', '-']],
    ['pull-to-stdout-json', ['pull', NAME, '-o', '-', '--json']],
    ['pull-wrong-bytes', ['pull', NAME, '-o', 'x'], { pull: refuses('RESTORED_WRONG', 'what was restored has not the hash of the original', 'refused') }],
    ['pull-odd-link', ['pull', 'ipfs://example.com/x']],
    ['pull-unknown-contact', ['pull', NAME, '--from', 'eve']],
    ['push', ['push', NAME, 'bob']],
    ['push-refused', ['push', NAME, 'bob'], { push: refuses('NOT_WANTED', 'the peer does not take it', 'refused') }],
    ['watch', ['watch', NAME, '-o', 'data.tar.gz']],
    ['watch-json', ['watch', NAME, '-o', 'data.tar.gz', '--json']],
    ['watch-stdout', ['watch', NAME, '-o', '-']],
    ['allow', ['allow', 'bob', NAME]],
    ['allow-json', ['allow', 'bob', NAME, '--json']],
    ['allow-address', ['allow', '/ip4/192.168.1.7/tcp/4101']],
    ['deny', ['deny', 'bob']],
    ['deny-anyone', ['deny', 'anyone', NAME], { deny: () => ({ scope: NAME, open: false, allowed: [], denied: [] }) }],
    ['serve', ['serve', ROOT]],
    ['unserve', ['unserve', ROOT]],
    ['unserve-json', ['unserve', ROOT, '--json']],
    ['log', ['log', 'data.tar.gz']],
    ['log-json', ['log', 'data.tar.gz', '--json']],
    ['diff', ['diff', 'data.tar.gz@1', 'data.tar.gz']],
    ['diff-json', ['diff', 'data.tar.gz@1', 'data.tar.gz', '--json']],
    ['diff-emptied', ['diff', ROOT, ROOT], { diff: () => [{ member: 'x', change: 'changed', ranges: [{ start: 0, end: 0 }], changedBytes: 0 }] }],
    ['diff-none', ['diff', ROOT, ROOT], { diff: () => [] }],
    ['forget', ['forget', 'data.tar.gz@1']],
    ['forget-name-json', ['forget', NAME, '--json'], { forget: () => ({ roots: [ROOT, OLD_ROOT], name: NAME, nameForgotten: true }) }],
    ['gc', ['gc']],
    ['gc-json', ['gc', '--json']],
    ['gc-nothing', ['gc'], { gc: () => ({ freedBytes: 0, freedBlocks: 0 }) }],
    ['stat', ['stat']],
    ['stat-json', ['stat', '--json']],
    ['stat-empty', ['stat'], { stat: () => ({ roots: 0, blocks: 0, blockBytes: 0, diskBytes: 0, looseBytes: 0 }), roots: () => [], names: () => [], rules: () => [] }],
    ['verify', ['verify']],
    ['verify-damaged', ['verify'], { verify: () => [whole, broken] }],
    ['verify-repair', ['verify', '--repair'], { verify: () => [{ ...broken, damaged: 1 }] }],
    ['verify-damaged-json', ['verify', '--json'], { verify: () => [broken] }],
    ['unknown-target', ['log', 'nonsense'], { log: refuses('TARGET_UNKNOWN', "'nonsense' is no root, no name", 'notFound') }],
    ['node-status', ['node', 'status']],
  ])('%s', async (...[name, argv, answers, options]) => {
    const { transcript } = await run(argv, answers, options)
    const clean = transcript.replaceAll(folder, '/home/me')
    expect(clean).toBe(await golden(import.meta.url, name, clean))
  })
})

describe('what the node is asked', () => {
  test('paths are absolute, and a slash at the end means into it', async () => {
    const outputs = await Promise.all(['x', './x', '/abs/x', 'into/'].map(async o => (await run(['pull', NAME, '-o', o, '--overwrite'])).calls[0]!.params))
    expect(outputs).toEqual([['x', false], ['./x', false], ['/abs/x', false], ['into/', true]].map(([o, into]) => expect.objectContaining({ output: { path: o === '/abs/x' ? o : `${folder}/${o}`, into, overwrite: true, umask: 0o22 } })))
    expect((await run(['add', 'a b'])).calls[0]!.params).toMatchObject({ path: `${folder}/a b`, dryRun: false })
  })

  test('where we are, and what is above it, is never replaced: it is put into it', async () => {
    const above = path.dirname(folder)
    const into = async (o: string, command = 'pull'): Promise<unknown> => ((await run([command, NAME, '-o', o, '--overwrite'])).calls[0]!.params as { output: { into: boolean } }).output.into
    expect(await Promise.all(['.', '..', './', 'x/..', folder, above, '/'].map(async o => await into(o)))).toEqual([true, true, true, true, true, true, true])
    expect(await Promise.all(['...', 'x..', `${folder}x`, `${folder}/x`].map(async o => await into(o)))).toEqual([false, false, false, false])
    expect(await into('.', 'watch')).toBe(true)
  })

  test('watching replaces nothing that is there unless it is told to', async () => {
    const asked = async (...more: string[]): Promise<unknown> => (await run(['watch', NAME, '-o', 'x', ...more])).calls[0]!.params
    expect([await asked(), await asked('--overwrite')]).toEqual([false, true].map(overwrite => expect.objectContaining({ output: expect.objectContaining({ overwrite }) })))
  })

  test('a link says who is asked, before those that are named', async () => {
    expect((await run(['pull', LINK, '--from', 'bob'])).calls[0]!.params).toMatchObject({
      target: ROOT, from: [[`/ip4/192.168.1.7/tcp/4101/p2p/${BOB}`, `/ip4/127.0.0.1/tcp/4101/p2p/${BOB}`], [`/ip4/192.168.1.7/tcp/4101/p2p/${BOB}`]],
    })
  })

  test('what add prints is a link that pull reads', async () => {
    const { link } = JSON.parse((await run(['add', 'x', '--json'])).stdout) as { link: string }
    expect(link).toBe(LINK)
  })

  test('standard input is uploaded', async () => {
    expect((await run(['add', '-'], {}, { stdin: 'hello' })).calls).toEqual([{ method: 'add', params: expect.objectContaining({ path: null }) }])
  })

  test('a key of chunking comes from a file or a variable, in hex or base64url', async () => {
    const key = new Uint8Array(32).fill(0x0f)
    const asked = async (where: string, env = {}): Promise<unknown> => (await run(['add', 'x', '--encrypt-chunking', where], {}, { env })).calls[0]?.params
    expect(await asked('chunk.key')).toMatchObject({ gearKey: key })
    expect(await asked('env:K', { K: Buffer.from(key).toString('base64url') })).toMatchObject({ gearKey: key })
  })

  test('a peer is named by its id, anyone by none', async () => {
    expect([(await run(['allow', 'bob'])).calls[0]!.params, (await run(['deny', 'anyone', NAME])).calls[0]!.params]).toEqual([{ peer: BOB, target: null }, { peer: null, target: NAME }])
  })
})
