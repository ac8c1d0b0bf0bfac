import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeReleaseFacts, encodeReleaseFacts } from '../../src/domain/release-facts.ts'
import { formatSums, parseSums } from '../../src/domain/sha256-sums.ts'
import { parseVersion } from '../../src/domain/version.ts'

const facts = {
  version: parseVersion('v0.43.0'), architecture: 'linux-amd64', transport: 'https', origin: 'https://dist.ipfs.tech', sha512: 'a'.repeat(128), cid: undefined, repoVersion: 18,
  installedMs: Date.UTC(2026, 2, 1, 12, 30),
} as const
const sums = 'b'.repeat(64)
const written = `{
  "format": 1,
  "version": "go-v0.43.0",
  "architecture": "linux-amd64",
  "transport": "https",
  "origin": "https://dist.ipfs.tech",
  "sha512": "${'a'.repeat(128)}",
  "cid": null,
  "repoVersion": 18,
  "installedAt": "2026-03-01T12:30:00.000Z",
  "sums": "${'b'.repeat(64)}"
}
`

test('release.json is written as docs/formats/ipfsup.md says, and read back', () => {
  expect(encodeReleaseFacts(facts, sums)).toBe(written)
  expect(decodeReleaseFacts(written, 'release.json')).toEqual({ facts, sums })
})

test.each([
  ['"format": 1', '"format": 2'], ['"format": 1', '"format": "1"'], ['"go-v0.43.0"', '"v0.43.0"'], ['"go-v0.43.0"', '"go-v0.43"'], ['"linux-amd64"', '"../linux-amd64"'],
  ['"https",', '"ftp",'], ['"cid": null,', ''], ['"repoVersion": 18', '"repoVersion": -1'], ['"repoVersion": 18', '"repoVersion": 1.5'], ['T12:30:00.000Z', ''],
  ['"sums"', '"sum"'], ['"format"', '"more": 1, "format"'],
])('refuses %s as %s', (good, bad) => {
  expect(() => decodeReleaseFacts(written.replace(good, bad), 'release.json')).toThrow(expect.objectContaining({ code: 'RELEASE_DAMAGED', exit: 'refused' }))
})

test('sums of paths with blanks, backslashes and line ends: sha256sum reads them, and we read them back', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'sums-'))
  try {
    mkdirSync(path.join(dir, 'a b'))
    const files = ['ipfs', 'a b/ two', 'back\\slash', 'back\\nslash', 'line\nend', '*star', 'ümlaut', '-n']
    for (const file of files) writeFileSync(path.join(dir, file), file)
    const map = new Map(files.map(file => [file, createHash('sha256').update(file).digest('hex')]))
    writeFileSync(path.join(dir, 'SHA256SUMS'), formatSums(map))
    expect(execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: dir, encoding: 'utf8' }).trim().split('\n')).toHaveLength(files.length)
    writeFileSync(path.join(dir, 'ipfs'), 'else')
    expect(() => execFileSync('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: dir, stdio: 'ignore' })).toThrow()
  } finally {
    rmSync(dir, { recursive: true })
  }
  fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), paths => {
    const map = new Map(paths.map(p => [p, createHash('sha256').update(p).digest('hex')]))
    expect(parseSums(formatSums(map))).toEqual(map)
  }))
})

test.each(['x', `${sums}  a`, `${sums} a\n`, `${sums}  a\n\n`, `${sums}  b\n${sums}  a\n`, `${sums}  a\n${sums}  a\n`, `\\${sums}  a\n`, `${sums}  a\\b\n`, `${sums.toUpperCase()}  a\n`])('sums that are not ours: %j', text => {
  expect(parseSums(text)).toBeUndefined()
})
