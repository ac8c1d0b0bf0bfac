import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isAppError } from '@ipkit/core/errors/app-error'
import { archiveName, distOf, isStub, parseCidFile, parseDistJson, parseSha512File, parseVersionList } from '../../src/domain/dist-layout.ts'
import type { Release } from '../../src/domain/origin.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'

const SHA512 = 'c0ffee00'.repeat(16)
const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const CID_V0 = 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG'

const release = (version: string, os = 'linux', arch = 'amd64'): Release => ({ version: parseVersion(version), platform: { os, arch } })
const versions = (text: string, dist: 'kubo' | 'go-ipfs'): string[] => parseVersionList(text, dist).map(formatVersion)

describe('a version is taken from', () => {
  test.each([
    ['v0.3.2', 'go-ipfs', false],
    ['v0.13.1', 'go-ipfs', false],
    ['v0.14.0-rc1', 'kubo', false],
    ['v0.14.0', 'kubo', false],
    ['v0.35.0', 'kubo', false],
    ['v0.36.0-rc1', 'kubo', true],
    ['v0.36.0', 'kubo', true],
    ['v1.0.0', 'kubo', true],
  ])('%s: %s; in go-ipfs it is a stub: %s', (version, dist, stub) => {
    expect([distOf(parseVersion(version)), isStub(parseVersion(version))]).toEqual([dist, stub])
  })
})

test.each([
  ['v0.43.0', 'linux', 'amd64', 'kubo_v0.43.0_linux-amd64.tar.gz'],
  ['v0.13.1', 'darwin', 'arm64', 'go-ipfs_v0.13.1_darwin-arm64.tar.gz'],
  ['v0.44.0-rc2', 'windows', 'amd64', 'kubo_v0.44.0-rc2_windows-amd64.zip'],
])('the archive of %s for %s on %s is %s', (version, os, arch, name) => { expect(archiveName(release(version, os, arch))).toBe(name) })

describe('a list of versions', () => {
  test('as it is: unsorted, with candidates and nightlies, old ones under the old name', () => {
    const text = 'v0.14.0-rc1\nv0.20.0-rc2\nv0.19.2\nv0.20.0\nnightly-2022-06-14\nnightly\nv0.43.0\n'
    expect(versions(text, 'kubo')).toEqual(['go-v0.14.0-rc1', 'go-v0.20.0-rc2', 'go-v0.19.2', 'go-v0.20.0', 'go-v0.43.0'])
    expect(versions('v0.3.2\nv0.13.1\nv0.14.0\nv0.36.0-rc1\nv0.36.0\n', 'go-ipfs')).toEqual(['go-v0.3.2', 'go-v0.13.1'])
  })

  test('with odd lines: what is no version is passed over, what stands twice counts once', () => {
    const odd = ['', 'v', 'v1', 'v1.2', 'v1.2.3.4', 'v01.2.3', '0.43.0', 'vv0.43.0', 'v0.43.0+build', 'v0.43.0 ', '\tv0.43.0\r', 'v0.43.0/../x', 'latest', 'vlatest', 'js-v0.66.1', '<html>', 'v9999999999.0.0', 'v0.43.0-', 'v0.43.0-rc 1', `v0.43.0-${'x'.repeat(64)}`]
    expect(versions(odd.join('\n'), 'kubo')).toEqual(['go-v0.43.0'])
    expect(versions('', 'kubo')).toEqual([])
  })

  test('of whatever text: nothing is thrown, and what is found stands in it', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('v0.43.0', 'v0.1.0', 'v', '-rc1', '\n', '\r\n', 'nightly'))
    fc.assert(fc.property(fc.array(piece).map(parts => parts.join('')), text => {
      for (const dist of ['kubo', 'go-ipfs'] as const) {
        for (const version of parseVersionList(text, dist)) expect(text).toContain(`v${version.semver}`)
      }
    }))
  })
})

/** As the dist has it, shortened. */
const json = (entry: Record<string, unknown>, version = 'v0.43.0', rest: Record<string, unknown> = {}): string => JSON.stringify({
  id: 'kubo', version, releaseLink: `/kubo/${version}`, name: 'kubo', owner: 'ipfs', date: 'May 01, 2026',
  platforms: { linux: { name: 'linux Binary', archs: { amd64: entry, arm64: { link: '/x' } } }, darwin: { name: 'darwin Binary', archs: { arm64: { link: '/y' } } } }, ...rest,
})
const read = (text: string, of = release('v0.43.0')): unknown => {
  try { return parseDistJson(text, of, 'https://dist.test/kubo/v0.43.0/dist.json') } catch (e) {
    if (!isAppError(e)) throw e
    return [e.code, e.exit, e.message.replace('https://dist.test/kubo/v0.43.0/dist.json cannot be used: ', ''), ...e.code === 'NO_BUILD' ? e.hints : []]
  }
}
const LINK = '/kubo_v0.43.0_linux-amd64.tar.gz'

describe('a dist.json', () => {
  test('tells the archive, its hash and its CID', () => {
    expect(read(json({ link: LINK, cid: CID, sha512: SHA512 }))).toEqual({ fileName: 'kubo_v0.43.0_linux-amd64.tar.gz', sha512: SHA512, cid: CID })
    expect(read(json({ link: LINK, cid: CID_V0, sha512: SHA512.toUpperCase() }))).toEqual({ fileName: 'kubo_v0.43.0_linux-amd64.tar.gz', sha512: SHA512, cid: CID_V0 })
  })

  test('of old has no hashes, and another name', () => {
    const old = { version: 'v0.3.2', link: '/go-ipfs_v0.3.2_linux-amd64.zip' }
    for (const none of [{}, { cid: '', sha512: '' }, { cid: null, sha512: null }]) {
      expect(read(json({ link: old.link, ...none }, old.version), release('v0.3.2'))).toEqual({ fileName: 'go-ipfs_v0.3.2_linux-amd64.zip', sha512: undefined, cid: undefined })
    }
  })

  test('without a build for this platform says which there are', () => {
    expect(read(json({ link: LINK }), release('v0.43.0', 'freebsd', 'amd64'))).toEqual(['NO_BUILD', 'notFound', 'go-v0.43.0 has no build for freebsd-amd64', 'it has builds for darwin-arm64, linux-amd64, linux-arm64'])
    expect(read(json({ link: LINK }), release('v0.43.0', 'linux', '__proto__'))).toEqual(expect.arrayContaining(['NO_BUILD']))
    expect(read(json({ link: LINK }, 'v0.43.0', { platforms: { '\u001b[2J': { archs: { x: { link: '' } } } } }))).toEqual(['NO_BUILD', 'notFound', 'go-v0.43.0 has no build for linux-amd64'])
  })

  test.each<[string, string, string]>([
    ['no JSON', '<html>', 'it is no JSON'],
    ['another form', '[]', 'it is a list; it must be an object'],
    ['no version', '{"platforms":{}}', 'it.version is missing; it must be a string'],
    ['another version', json({ link: LINK }, 'v0.42.0'), 'it is that of another version, "v0.42.0"'],
    ['a link to elsewhere', json({ link: 'https://evil.test/kubo_v0.43.0_linux-amd64.tar.gz' }), 'it leads to "https://evil.test/kubo_v0.43.0_linux-amd64.tar.gz"'],
    ['a link up', json({ link: '/../../kubo_v0.43.0_linux-amd64.tar.gz' }), 'it leads to "/../../kubo_v0.43.0_linux-amd64.tar.gz"'],
    ['a link to another version', json({ link: '/kubo_v0.42.0_linux-amd64.tar.gz' }), 'it leads to "/kubo_v0.42.0_linux-amd64.tar.gz"'],
    ['a link to the stub', json({ link: '/go-ipfs_v0.43.0_linux-amd64.tar.gz' }), 'it leads to "/go-ipfs_v0.43.0_linux-amd64.tar.gz"'],
    ['another kind of archive', json({ link: '/kubo_v0.43.0_linux-amd64.deb' }), 'it leads to "/kubo_v0.43.0_linux-amd64.deb"'],
    ['a hash that is short', json({ link: LINK, sha512: SHA512.slice(1) }), `"${SHA512.slice(1, 81)}…" is no SHA-512`],
    ['a hash of another kind', json({ link: LINK, sha512: 7 }), 'it.platforms."linux".archs."amd64".sha512 is a number; it must be a string'],
    ['no CID', json({ link: LINK, cid: 'QmNo' }), '"QmNo" is no CID'],
    ['a CID in another spelling', json({ link: LINK, cid: CID.toUpperCase() }), `"${CID.toUpperCase()}" is no CID`],
  ])('with %s is refused', (_what, text, why) => { expect(read(text)).toEqual(['ORIGIN_ANSWER_INVALID', 'refused', why]) })

  test('of whatever JSON: our errors and nothing else, and never a name that was not asked for', () => {
    const entry = fc.record({ link: fc.oneof(fc.constant(LINK), fc.string()), sha512: fc.oneof(fc.constant(SHA512), fc.string(), fc.jsonValue()), cid: fc.oneof(fc.constant(CID), fc.string(), fc.jsonValue()) }, { requiredKeys: [] })
    const text = fc.oneof(entry.map(each => json(each)), fc.json(), fc.string())
    fc.assert(fc.property(text, each => {
      const found = read(each)
      if (!Array.isArray(found)) expect(found).toMatchObject({ fileName: 'kubo_v0.43.0_linux-amd64.tar.gz' })
    }))
  })
})

describe('a .sha512', () => {
  const NAME = 'kubo_v0.43.0_linux-amd64.tar.gz'
  test.each([`${SHA512}  ${NAME}\n`, `${SHA512} *${NAME}\n`, `${SHA512}  ./${NAME}\r\n`, `${SHA512.toUpperCase()}\t${NAME}`, `${SHA512}\n`, SHA512])('is read: %j', text => {
    expect(parseSha512File(text, NAME, 'it')).toBe(SHA512)
  })

  test.each<[string, string]>([
    ['', '"" is no SHA-512'],
    ['<html>', '"<html>" is no SHA-512'],
    [`${SHA512}0  ${NAME}\n`, `"${SHA512.slice(0, 80)}…" is no SHA-512`],
    [`${SHA512}  go-ipfs_v0.43.0_linux-amd64.tar.gz\n`, 'it is that of "go-ipfs_v0.43.0_linux-amd64.tar.gz"'],
    [`${SHA512}  ${NAME}\n${SHA512}  other\n`, '"" is no SHA-512'],
  ])('%j is refused', (text, why) => {
    expect(() => parseSha512File(text, NAME, 'it')).toThrow(expect.objectContaining({ code: 'ORIGIN_ANSWER_INVALID', exit: 'refused', message: `it cannot be used: ${why}` }))
  })

  test('of whatever text: a hash, or our error', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string().map(rest => SHA512 + rest)), text => {
      try { expect(parseSha512File(text, NAME, 'it')).toBe(SHA512) } catch (e) { expect(e).toMatchObject({ code: 'ORIGIN_ANSWER_INVALID' }) }
    }))
  })
})

test('a .cid holds a canonical CID, of either version', () => {
  expect([parseCidFile(`${CID}\n`, 'it'), parseCidFile(CID_V0, 'it')]).toEqual([CID, CID_V0])
  for (const text of ['', 'x', `${CID} ${CID}`, CID.slice(1), `/ipfs/${CID}`]) expect(() => parseCidFile(text, 'it')).toThrow(expect.objectContaining({ code: 'ORIGIN_ANSWER_INVALID' }))
})
