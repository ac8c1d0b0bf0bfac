import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { systemClock } from '@ipkit/core/time/clock'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { testAuthority, type TestAuthority } from '@ipkit/testkit/releases/certificates'
import { DistSite } from '@ipkit/testkit/releases/dist-site'
import { serveSite, type Misbehaviour, type ServedSite } from '@ipkit/testkit/releases/serve-site'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { httpsOrigin, type HttpsOriginDeps } from '../../src/adapters/https-origin.ts'
import type { Claim, Origin, Release } from '../../src/domain/origin.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'
import { MAX_DIST_JSON_BYTES, MAX_HASH_FILE_BYTES, MAX_VERSIONS_BYTES, SMALL_FILE_MS } from '../../src/domain/wire-limits.ts'

const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const LINUX = { os: 'linux', arch: 'amd64' }
const ARCHIVE = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251)
const SHA512 = createHash('sha512').update(ARCHIVE).digest('hex')
const never = new AbortController().signal

let site: DistSite
let served: ServedSite
const others: ServedSite[] = []
beforeEach(async () => {
  site = new DistSite()
  site.add({ version: 'v0.43.0', ...LINUX, archive: ARCHIVE, cid: CID })
  served = await serveSite(site)
})
afterEach(async () => { for (const each of [served, ...others.splice(0)]) await each[Symbol.asyncDispose]() })

const origin = (base = served.url, deps: Partial<HttpsOriginDeps> = {}): Origin => httpsOrigin({ env: {}, clock: systemClock, silenceMs: 60_000, ...deps }, base)
/** How long a server may be silent that is asked in vain. */
const impatient = { silenceMs: 300 }
const release = (version: string, platform = LINUX): Release => ({ version: parseVersion(version), platform })
const claim = async (version = 'v0.43.0', from = origin()): Promise<Claim | undefined> => await from.claim(release(version), never)
const hostOf = (url: string): string => url.replace(/^https?:\/\//, '')
async function failureOf (work: Promise<unknown>): Promise<string> {
  try { return JSON.stringify(await work) } catch (e) { return `${(e as { code?: string }).code ?? 'Error'} ${(e as { exit?: string }).exit ?? ''}: ${(e as Error).message.replaceAll(served.url, 'SITE')}` }
}
/** One path misbehaves. */
const odd = (path: string, how: Misbehaviour, on = served): void => { on.misbehave(asked => asked === path ? how : undefined) }
const DIST_JSON = '/kubo/v0.43.0/dist.json'
const FILE = '/kubo/v0.43.0/kubo_v0.43.0_linux-amd64.tar.gz'
async function bytesOf (claimed: Claim | undefined, fromByte = 0, from = origin()): Promise<{ readonly fromByte: number, readonly totalBytes: number | undefined, readonly body: Buffer }> {
  const { source, ...head } = await from.open(claimed!, fromByte, never)
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return { ...head, body: Buffer.concat(parts) }
}

describe('versions', () => {
  test('of both dists are one list; what go-ipfs lists of kubo is left out', async () => {
    for (const line of ['v0.44.0-rc1', 'nightly-2026-05-01', 'v0.42.0', 'what?']) site.list(line)
    for (const line of ['v0.13.1', 'v0.14.0', 'v0.36.0']) site.list(line, 'go-ipfs')
    const list = await origin().versions(never)
    expect([list?.versions.map(formatVersion), list?.host]).toEqual([['go-v0.43.0', 'go-v0.44.0-rc1', 'go-v0.42.0', 'go-v0.13.1'], hostOf(served.url)])
  })

  test('are not listed by GitHub', async () => { expect(await origin(`${served.url}/releases/download`).versions(never)).toBeUndefined() })

  test('a server with another tree is no origin', async () => {
    expect(await failureOf(origin(`${served.url}/elsewhere`).versions(never))).toBe('ORIGIN_ANSWER_INVALID refused: SITE/elsewhere cannot be used: it has no /kubo/versions')
  })

  test.each<[string, Misbehaviour, string]>([
    ['fails', { status: 500 }, 'ORIGIN_UNREACHABLE unreachable: SITE answers with status 500'],
    ['wants fewer requests', { status: 429 }, 'ORIGIN_UNREACHABLE unreachable: SITE answers with status 429'],
    ['leads in a circle', { redirectTo: '/kubo/versions' }, 'ORIGIN_UNREACHABLE unreachable: SITE does not answer (it leads on and on)'],
    ['leads to another in plain http', { redirectTo: 'http://127.0.0.1:1/kubo/versions' }, 'ORIGIN_UNREACHABLE unreachable: SITE does not answer (it leads to http://127.0.0.1:1)'],
    ['says nothing', { stall: true }, 'ORIGIN_UNREACHABLE unreachable: SITE does not answer (nothing for 300 ms)'],
    ['breaks off', { cutAfter: 3, contentLength: 8 }, 'ORIGIN_UNREACHABLE unreachable: SITE does not answer (ECONNRESET)'],
    ['gives too much', { body: new Uint8Array(MAX_VERSIONS_BYTES + 1) }, `ORIGIN_ANSWER_INVALID refused: SITE/kubo/versions has over ${MAX_VERSIONS_BYTES} bytes`],
  ])('a server that %s', async (_what, how, why) => {
    odd('/kubo/versions', how)
    expect(await failureOf(origin(served.url, how.stall === true ? impatient : {}).versions(never))).toBe(why)
  })

  test('drop by drop are given up when their time is over', async () => {
    odd('/kubo/versions', { bytesPerSecond: 20, body: new Uint8Array(MAX_VERSIONS_BYTES) })
    const clock = new ManualClock()
    const asked = failureOf(origin(served.url, { clock }).versions(never))
    while (served.bytesSent() === 0) await systemClock.sleep(5)
    clock.advance(SMALL_FILE_MS)
    expect(await asked).toMatch(/^ORIGIN_UNREACHABLE unreachable: SITE\/.*versions did not come within 30000 ms$/)
    while (await served.connections() > 0) await systemClock.sleep(5)
  })

  test('the caller stops', async () => {
    odd('/kubo/versions', { stall: true })
    const stop = new AbortController()
    const asked = failureOf(origin().versions(stop.signal))
    stop.abort(new Error('stopped'))
    expect(await asked).toBe('Error : stopped')
  })

  test('nobody is there', async () => {
    expect(await failureOf(origin('https://127.0.0.1:1').versions(never))).toBe('ORIGIN_UNREACHABLE unreachable: https://127.0.0.1:1 does not answer (ECONNREFUSED)')
  })
})

describe('a claim', () => {
  test('of a dist tree is what its dist.json says', async () => {
    expect(await claim()).toEqual({
      origin: served.url, transport: 'https', proof: 'https', host: hostOf(served.url), redirectedBy: [],
      fileName: 'kubo_v0.43.0_linux-amd64.tar.gz', sha512: SHA512, cid: CID, link: `${served.url}${FILE}`,
    })
    expect(served.requests).toEqual([`GET ${DIST_JSON}`])
  })

  test('where dist.json is old and has no hashes: they are asked for; one that is missing is left out', async () => {
    odd(DIST_JSON, { body: new TextEncoder().encode('{"version":"v0.43.0","platforms":{"linux":{"archs":{"amd64":{"link":"/kubo_v0.43.0_linux-amd64.tar.gz"}}}}}') })
    expect(await claim()).toMatchObject({ sha512: SHA512, cid: CID })
    expect([...served.requests].sort()).toEqual([`GET ${DIST_JSON}`, `GET ${FILE}.cid`, `GET ${FILE}.sha512`])
    site.files.delete(`${FILE}.cid`)
    expect(await claim()).toMatchObject({ sha512: SHA512, cid: undefined })
    site.files.delete(`${FILE}.sha512`)
    expect(await claim()).toMatchObject({ sha512: undefined, cid: undefined })
  })

  test('of GitHub is what stands beside the archive', async () => {
    const github = origin(`${served.url}/releases/download`)
    const file = '/releases/download/v0.43.0/kubo_v0.43.0_linux-amd64.tar.gz'
    expect(await claim('v0.43.0', github)).toMatchObject({ origin: `${served.url}/releases/download`, sha512: SHA512, cid: CID, link: `${served.url}${file}` })
    site.files.delete(`${file}.cid`)
    expect(await claim('v0.43.0', github)).toMatchObject({ sha512: SHA512, cid: undefined })
    site.files.delete(`${file}.sha512`)
    expect(await claim('v0.43.0', github)).toMatchObject({ sha512: undefined, cid: undefined, host: hostOf(served.url) })
    site.files.delete(file)
    expect(await claim('v0.43.0', github)).toBeUndefined()
    expect(await claim('v0.13.0', github)).toBeUndefined()
    expect(served.requests.at(-1)).toBe('GET /releases/download/v0.13.0/go-ipfs_v0.13.0_linux-amd64.tar.gz')
  })

  test('of a version from before the name changed is that of go-ipfs', async () => {
    site.add({ version: 'v0.13.1', dist: 'go-ipfs', ...LINUX, archive: ARCHIVE })
    expect(await claim('v0.13.1')).toMatchObject({ fileName: 'go-ipfs_v0.13.1_linux-amd64.tar.gz', link: `${served.url}/go-ipfs/v0.13.1/go-ipfs_v0.13.1_linux-amd64.tar.gz` })
  })

  test('of a version that is not there is none; of another platform it says so', async () => {
    expect(await claim('v0.42.0')).toBeUndefined()
    expect(await failureOf(origin().claim(release('v0.43.0', { os: 'linux', arch: 'riscv64' }), never))).toBe('NO_BUILD notFound: go-v0.43.0 has no build for linux-riscv64')
  })

  test('of a stub that is called go-ipfs is refused', async () => {
    for (const version of ['v0.35.0', 'v0.36.0-rc1']) site.add({ version, dist: 'go-ipfs', ...LINUX, archive: ARCHIVE })
    expect(await failureOf(claim('v0.36.0-rc1'))).toBe('RELEASE_IS_STUB refused: go-ipfs v0.36.0-rc1 is a stub that only says that it is called kubo now')
    expect(await claim('v0.35.0')).toBeUndefined()
  })

  test.each<[string, string, Misbehaviour, string]>([
    ['a dist.json that is none', DIST_JSON, { body: new TextEncoder().encode('<html>') }, `ORIGIN_ANSWER_INVALID refused: SITE${DIST_JSON} cannot be used: it is no JSON`],
    ['one that is too large', DIST_JSON, { body: new Uint8Array(MAX_DIST_JSON_BYTES + 1) }, `ORIGIN_ANSWER_INVALID refused: SITE${DIST_JSON} has over ${MAX_DIST_JSON_BYTES} bytes`],
    ['one that is cut', DIST_JSON, { cutAfter: 20, contentLength: 50 }, 'ORIGIN_UNREACHABLE unreachable: SITE does not answer (ECONNRESET)'],
    ['an error', DIST_JSON, { status: 503 }, 'ORIGIN_UNREACHABLE unreachable: SITE answers with status 503'],
  ])('with %s', async (_what, path, how, why) => {
    odd(path, how)
    expect(await failureOf(claim())).toBe(why)
  })

  test('with a .sha512 that is none, or too large', async () => {
    const github = origin(`${served.url}/releases/download`)
    const sum = '/releases/download/v0.43.0/kubo_v0.43.0_linux-amd64.tar.gz.sha512'
    odd(sum, { body: new TextEncoder().encode('<html>') })
    expect(await failureOf(claim('v0.43.0', github))).toBe(`ORIGIN_ANSWER_INVALID refused: SITE${sum} cannot be used: "<html>" is no SHA-512`)
    odd(sum, { body: new Uint8Array(MAX_HASH_FILE_BYTES + 1) })
    expect(await failureOf(claim('v0.43.0', github))).toBe(`ORIGIN_ANSWER_INVALID refused: SITE${sum} has over ${MAX_HASH_FILE_BYTES} bytes`)
  })
})

describe('an archive', () => {
  test('comes whole, and from a byte on', async () => {
    const claimed = await claim()
    expect(await bytesOf(claimed)).toEqual({ fromByte: 0, totalBytes: ARCHIVE.length, body: Buffer.from(ARCHIVE) })
    expect(await bytesOf(claimed, 99_990)).toEqual({ fromByte: 99_990, totalBytes: ARCHIVE.length, body: Buffer.from(ARCHIVE.subarray(99_990)) })
    expect(served.requests.slice(1)).toEqual([`GET ${FILE}`, `GET ${FILE} bytes=99990-`])
  })

  test('that is all there already: nothing more comes', async () => {
    expect(await bytesOf(await claim(), ARCHIVE.length)).toEqual({ fromByte: ARCHIVE.length, totalBytes: ARCHIVE.length, body: Buffer.alloc(0) })
  })

  test('that is shorter than what is there, or comes from a server without ranges, comes from its start', async () => {
    const claimed = await claim()
    expect((await bytesOf(claimed, ARCHIVE.length + 1)).fromByte).toBe(0)
    odd(FILE, { ignoreRange: true })
    expect(await bytesOf(claimed, 50)).toEqual({ fromByte: 0, totalBytes: ARCHIVE.length, body: Buffer.from(ARCHIVE) })
  })

  test('another part than was asked for is refused', async () => {
    const claimed = await claim()
    odd(FILE, { contentRange: 'bytes 40-99/100', status: 206 })
    expect(await failureOf(bytesOf(claimed, 50))).toBe(`ORIGIN_ANSWER_INVALID refused: SITE${FILE} cannot be used: it was asked for from byte 50 on and gives another part`)
  })

  test.each<[string, Misbehaviour, string]>([
    ['that is gone', { status: 404 }, 'SITE answers with status 404'],
    ['that leads in a circle', { redirectTo: FILE }, 'SITE does not answer (it leads on and on)'],
    ['that breaks off', { cutAfter: 70_000 }, 'SITE does not answer (ECONNRESET)'],
    ['that is said to be longer than it is', { contentLength: ARCHIVE.length + 1 }, 'SITE does not answer (ECONNRESET)'],
    ['that stalls', { stall: true }, 'SITE does not answer (nothing for 300 ms)'],
  ])('%s is unreachable', async (_what, how, why) => {
    const claimed = await claim()
    odd(FILE, how)
    expect(await failureOf(bytesOf(claimed, 0, origin(served.url, how.stall === true ? impatient : {})))).toBe(`ORIGIN_UNREACHABLE unreachable: ${why}`)
  })

  test('the caller stops in the middle', async () => {
    const claimed = await claim()
    odd(FILE, { bytesPerSecond: 20_000 })
    const stop = new AbortController()
    const { source } = await origin().open(claimed!, 0, stop.signal)
    expect(await failureOf((async () => { for await (const _part of source) stop.abort(new Error('stopped')) })())).toBe('Error : stopped')
  })
})

describe('over TLS', () => {
  let dir: string
  const secure = async (work: (trusting: (base: string) => Origin, authority: TestAuthority) => Promise<void>): Promise<void> => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-origin-'))
    try {
      const authority = testAuthority(dir)
      await served[Symbol.asyncDispose]()
      served = await serveSite(site, authority.tls)
      const trust = readFileSync(authority.caFile, 'utf8')
      await work(base => origin(base, { trust }), authority)
    } finally {
      rmSync(dir, { recursive: true })
    }
  }

  testWithProgram('openssl')('it is all the same', async () => {
    await secure(async trusting => {
      const claimed = await claim('v0.43.0', trusting(served.url))
      expect(claimed).toMatchObject({ host: hostOf(served.url), proof: 'https', sha512: SHA512, cid: CID })
      expect((await bytesOf(claimed, 5, trusting(served.url))).body).toEqual(Buffer.from(ARCHIVE.subarray(5)))
    })
  })

  testWithProgram('openssl')('a certificate that nobody vouches for is not taken, and no redirect leads down to http', async () => {
    await secure(async trusting => {
      expect(await failureOf(origin(served.url).versions(never))).toMatch(/^ORIGIN_UNREACHABLE unreachable: SITE does not answer \(.*(SIGNATURE|CERT).*\)$/)
      const plain = await serveSite(site)
      others.push(plain)
      const claimed = await claim('v0.43.0', trusting(served.url))
      served.misbehave(asked => ({ redirectTo: `${plain.url}${asked}` }))
      const down = 'ORIGIN_UNREACHABLE unreachable: SITE does not answer (it leads to http://)'
      for (const work of [trusting(served.url).versions(never), claim('v0.43.0', trusting(served.url)), bytesOf(claimed, 0, trusting(served.url))]) expect(await failureOf(work)).toBe(down)
      expect(plain.requests).toEqual([])
    })
  })

  testWithProgram('openssl')('a claim names who answered behind a redirect, and who led there', async () => {
    await secure(async (trusting, authority) => {
      const front = await serveSite(new DistSite(), authority.tls)
      others.push(front)
      front.misbehave(asked => ({ redirectTo: `${served.url}${asked}` }))
      expect(await claim('v0.43.0', trusting(front.url))).toMatchObject({ origin: front.url, host: hostOf(served.url), redirectedBy: [hostOf(front.url)], link: `${front.url}${FILE}` })
    })
  })
})
