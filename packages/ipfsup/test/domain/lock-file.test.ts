import { expect, test } from '@jest/globals'
import { addLocked, decodeLockFile, encodeLockFile, lockKey, type LockFile } from '../../src/domain/lock-file.ts'
import { parseVersion } from '../../src/domain/version.ts'

const A = 'a'.repeat(128)
const B = 'b'.repeat(128)
const FILE = '/h/releases.lock.json'
const text = (releases: unknown, more: object = { format: 1 }): string => JSON.stringify({ ...more, releases })
const entry = { sha512: A, cid: null, seenAt: '2026-03-01T12:30:00.000Z' }

test('is written as docs/formats/ipfsup.md says: sorted keys, null for a CID that nobody gave', () => {
  const locked: LockFile = new Map([
    [lockKey(parseVersion('js-v0.66.1'), 'linux-amd64'), { sha512: B, cid: undefined, seenMs: Date.UTC(2026, 2, 1) }],
    [lockKey(parseVersion('v0.43.0'), 'linux-amd64'), { sha512: A, cid: 'QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n', seenMs: Date.UTC(2026, 2, 2) }],
  ])
  const written = `{
  "format": 1,
  "releases": {
    "go-v0.43.0/linux/amd64": {
      "sha512": "${A}",
      "cid": "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n",
      "seenAt": "2026-03-02T00:00:00.000Z"
    },
    "js-v0.66.1/linux/amd64": {
      "sha512": "${B}",
      "cid": null,
      "seenAt": "2026-03-01T00:00:00.000Z"
    }
  }
}
`
  expect(encodeLockFile(locked)).toBe(written)
  expect(encodeLockFile(decodeLockFile(written, FILE))).toBe(written)
})

test.each([
  ['no JSON', '{"format": 1'],
  ['half of it', encodeLockFile(new Map([['go-v0.43.0/linux/amd64', { sha512: A, cid: undefined, seenMs: 0 }]])).slice(0, 100)],
  ['empty', ''],
  ['a list', '[]'],
  ['no format', text({}, {})],
  ['a later format', text({}, { format: 2 })],
  ['an unknown key', text({}, { format: 1, release: {} })],
  ['an unknown key in an entry', text({ 'go-v0.43.0/linux/amd64': { ...entry, sha: 'x' } })],
  ['another spelling of a version', text({ 'v0.43.0/linux/amd64': entry })],
  ['a key without an architecture', text({ 'go-v0.43.0': entry })],
  ['a short hash', text({ 'go-v0.43.0/linux/amd64': { ...entry, sha512: 'aa' } })],
  ['a hash in capitals', text({ 'go-v0.43.0/linux/amd64': { ...entry, sha512: 'A'.repeat(128) } })],
  ['a day that is none', text({ 'go-v0.43.0/linux/amd64': { ...entry, seenAt: '2026-02-30T12:30:00.000Z' } })],
])('refuses %s', (_, damaged) => {
  expect(() => decodeLockFile(damaged, FILE)).toThrow(expect.objectContaining({ code: 'LOCK_FILE_DAMAGED', exit: 'refused', message: expect.stringContaining(FILE) }))
})

test('an entry that was edited by hand holds', () => {
  const locked = decodeLockFile(text({ 'go-v0.43.0/linux/amd64': { sha512: B, cid: null, seenAt: entry.seenAt } }), FILE)
  expect(() => addLocked(locked, 'go-v0.43.0/linux/amd64', { sha512: A, cid: undefined, seenMs: 5 }, FILE)).toThrow(expect.objectContaining({ code: 'RELEASE_CHANGED', exit: 'refused', message: expect.stringContaining('2026-03-01') }))
})

test('an entry is neither changed nor made twice; the same archive cut otherwise has another CID', () => {
  const locked = addLocked(new Map(), 'go-v0.43.0/linux/amd64', { sha512: A, cid: 'QmOld', seenMs: 1 }, FILE)!
  expect(addLocked(locked, 'go-v0.43.0/linux/amd64', { sha512: A, cid: 'bafynew', seenMs: 9 }, FILE)).toBeUndefined()
  expect([...addLocked(locked, 'go-v0.43.0/darwin/arm64', { sha512: B, cid: undefined, seenMs: 9 }, FILE)!.keys()]).toHaveLength(2)
})
