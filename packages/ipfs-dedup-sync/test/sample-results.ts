import type { Contact } from '@ipkit/core/identity/contacts'
import type { Added, LogItem, Moved, NameItem, Published, RootItem, RuleState, VerifyItem, WatchItem } from '../src/rpc.ts'
import type { Answers } from './fake-node.ts'
import { nameOf } from './version-world.ts'

export const NOW = Date.UTC(2026, 0, 15, 12, 0, 0)
export const NAME = nameOf(1).text
export const ROOT = 'bafybeidzta7zimrfd3zmj3jzubbhz43xltarusemxeqbth5757ltuuguyu'
export const OLD_ROOT = 'bafybeidhoqnnrbhvjkmaivlqokvwqvhcdb3g2jcjgf6jftvzkrqdn3xage'
const COMMIT = 'bafyreicisuh7ixfr2ek2rrbjrnuykrrr6p5qk6ouduh2cnm46wpilrzs6q'
export const BOB = '12D3KooWQK1wnefoLrcVHbbnf5tLzbopUd3K3bFAoJpA7YJgL5pV'
export const CONTACTS: readonly Contact[] = [{ name: 'bob', peerId: BOB, addresses: ['/ip4/192.168.1.7/tcp/4101'] }]
const SHA256 = new Uint8Array(32).fill(0xab)

export const added: Added = {
  root: ROOT, file: 'data.tar.gz', sizeBytes: 45_600_000, sha256: SHA256, newBytes: 4190, newBlocks: 8, reusedBytes: 252_000_000, notes: [], edit: { nodes: 3, bytes: 18_920 }, peerId: BOB,
  layers: [{ format: 'gzip', encoder: 'gnu-gzip', level: 6, exact: true }, { format: 'tar', encoder: null, level: null, exact: true }],
  addresses: [`/ip4/127.0.0.1/tcp/4101/p2p/${BOB}`, `/ip4/192.168.1.7/tcp/4101/p2p/${BOB}`],
}
export const published: Published = { ...added, name: NAME, key: 'data.tar.gz', version: 2, commit: COMMIT, created: true, warnings: [] }
export const moved: Moved = {
  root: ROOT, file: '/home/me/data.tar.gz', sizeBytes: 45_600_000, sha256: SHA256, receivedBytes: 1138, sentBytes: 865, roundTrips: 2, newBytes: 4933, expectedBytes: null, name: NAME, version: 2, commit: COMMIT, warnings: [],
}
export const watched: WatchItem = { ...moved, at: NOW + 5000, note: 'monday' }
const versionOne: LogItem = { name: NAME, version: 1, root: OLD_ROOT, commit: 'bafyreietiwei3bj3fbmby36dfcuq36o5cwxyazkvf77lcwu5swbt6m2pu4', parent: null, at: NOW - 86_400_000, note: '', author: BOB, file: 'data.tar.gz', sizeBytes: 45_599_000, newBytes: 252_000_000, sha256: SHA256, kept: false }
export const logged: LogItem[] = [{ ...versionOne, version: 2, root: ROOT, commit: COMMIT, parent: versionOne.commit, at: NOW, note: 'three edits\u001b[31m', newBytes: 4190, kept: true }, versionOne]
export const names: NameItem[] = [
  { name: NAME, key: 'data.tar.gz', file: 'data.tar.gz', version: 2, root: ROOT, own: true, served: true, expired: false, forked: false, validUntil: NOW + 30 * 86_400_000 },
  { name: nameOf(2).text, key: null, file: 'photos', version: 7, root: OLD_ROOT, own: false, served: false, expired: true, forked: true, validUntil: NOW - 1 },
]
export const roots: RootItem[] = [
  { root: ROOT, file: 'data.tar.gz', sizeBytes: 45_600_000, served: true, at: NOW, versions: [{ name: NAME, version: 2 }] },
  { root: OLD_ROOT, file: null, sizeBytes: 12, served: false, at: NOW - 1000, versions: [] },
]
export const onlyBob: RuleState = { scope: NAME, open: false, allowed: [BOB], denied: [] }
export const whole: VerifyItem = { root: ROOT, file: 'data.tar.gz', blocks: 578, bytes: 1_140_000, damaged: 0, restores: true, error: null }
export const broken: VerifyItem = { root: OLD_ROOT, file: null, blocks: 578, bytes: 1_140_000, damaged: 2, restores: false, error: { code: 'BLOCK_DAMAGED', message: '2 blocks are not as they were' } }

export const NODE: Answers = {
  add: () => added,
  publish: () => published,
  pull: () => moved,
  content: () => ({}),
  push: () => ({ ...moved, file: null, newBytes: 0 }),
  watch: () => [watched],
  allow: () => onlyBob,
  deny: () => ({ scope: '*', open: true, allowed: [], denied: [BOB] }),
  rules: () => [onlyBob],
  serve: () => ({ root: ROOT, name: null, served: true, names: [] }),
  unserve: () => ({ root: ROOT, name: null, served: false, names: [NAME] }),
  log: () => logged,
  diff: () => [
    { member: 'tree/data.txt', change: 'changed', ranges: [{ start: 0, end: 1 }, { start: 70_000_000, end: 70_000_001 }], changedBytes: 2 },
    { member: 'tree/new', change: 'added', ranges: [], changedBytes: 12 }, { member: 'tree/old', change: 'removed', ranges: [], changedBytes: 4000 },
    { member: 'tree/touched', change: 'changed', ranges: [], changedBytes: 0 }, { member: '', change: 'changed', ranges: Array.from({ length: 9 }, (_, i) => ({ start: 10 * i, end: 10 * i + 2 })), changedBytes: 18 },
  ],
  forget: () => ({ roots: [ROOT], name: NAME, nameForgotten: false }),
  gc: () => ({ freedBytes: 1_234_567, freedBlocks: 89 }),
  stat: () => ({ roots: 2, blocks: 607, blockBytes: 1_190_000, diskBytes: 1_220_000, looseBytes: 40_000 }),
  names: () => names,
  roots: () => roots,
  verify: () => [whole],
}
