import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { diskFs, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { systemClock, type Clock } from '@ipkit/core/time/clock'
import { DistSite } from '@ipkit/testkit/releases/dist-site'
import { serveSite, type Misbehaviour, type ServedSite } from '@ipkit/testkit/releases/serve-site'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import { cidHashers } from '../../src/adapters/cid-hasher.ts'
import { downloadArchive } from '../../src/adapters/download.ts'
import { httpsOrigin } from '../../src/adapters/https-origin.ts'
import type { Download, Downloaded } from '../../src/domain/install-release.ts'
import type { DownloadSource, Release } from '../../src/domain/origin.ts'
import { parseVersion } from '../../src/domain/version.ts'
import { MAX_DOWNLOAD_ROUNDS, SLOW_SPAN_MS } from '../../src/domain/wire-limits.ts'
import { seededBytes } from '../seeded-bytes.ts'

const ARCHIVE = seededBytes(3_000_000, 'right')
const SHA512 = createHash('sha512').update(ARCHIVE).digest('hex')
const CID = cidOf(ARCHIVE)
const OTHER = seededBytes(3_000_000, 'wrong')
const WRONG_CID = cidOf(OTHER)
const RELEASE: Release = { version: parseVersion('v0.43.0'), platform: { os: 'linux', arch: 'amd64' } }
const FILE = '/kubo/v0.43.0/kubo_v0.43.0_linux-amd64.tar.gz'
const EXPECTED = { sha512: SHA512, cid: CID, because: '' }
/** Pauses between rounds are over at once. */
const hurried: Clock = { now: () => Date.now(), sleep: async () => {} }

function cidOf (bytes: Uint8Array): string {
  const hashers = cidHashers(undefined)
  hashers.update(bytes)
  return hashers.digest().cid
}

let dir: string
let partFile: string
let served: ServedSite[]
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-download-'))
  partFile = path.join(dir, 'x.part')
  served = []
})
afterEach(async () => {
  for (const each of served) await each[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true })
})

/** One more origin. Its claim says what it says; what is believed is said to the download. */
async function origin (how?: Misbehaviour, archive: Uint8Array = ARCHIVE): Promise<DownloadSource & { readonly site: ServedSite }> {
  const tree = new DistSite()
  tree.add({ version: 'v0.43.0', os: 'linux', arch: 'amd64', archive, cid: CID })
  const site = await serveSite(tree)
  served.push(site)
  const made = httpsOrigin({ env: {}, clock: systemClock, silenceMs: how?.stall === true ? 500 : 60_000 }, site.url)
  const claim = (await made.claim(RELEASE, new AbortController().signal))!
  if (how !== undefined) site.misbehave(() => how)
  return { origin: made, claim, site }
}

interface Ask extends Partial<Download> { readonly fs?: StorageFs, readonly clock?: Clock, readonly signal?: AbortSignal, onProgress?(doneBytes: number, totalBytes: number | undefined): void }
const download = async (from: readonly DownloadSource[], { fs = diskFs, clock = hurried, signal = new AbortController().signal, onProgress = () => {}, ...input }: Ask = {}): Promise<Downloaded> =>
  await downloadArchive({ fs, clock }, { partFile, expected: EXPECTED, from, maxBytes: 10_000_000, ...input }, { signal, onProgress })
async function failureOf (work: Promise<unknown>): Promise<string> {
  try { return JSON.stringify(await work) } catch (e) { return `${(e as { code?: string }).code ?? 'Error'} ${(e as { exit?: string }).exit ?? ''}: ${served.reduce((text, { url }, i) => text.replaceAll(url, `SITE${i}`), (e as Error).message)}` }
}
const archives = ({ site }: { readonly site: ServedSite }): string[] => site.requests.filter(line => line.includes(FILE)).map(line => line.replace(FILE, '').trim())
/** What is on its way when a connection breaks may be lost: nobody knows from which byte on it goes then. */
const withoutPlace = (request: string): string => request.replace(/bytes=\d+/, 'bytes=N')
/** What an interrupted run leaves. */
const left = (bytes: Uint8Array, note: unknown = { format: 1, sha512: SHA512, cid: CID, fileName: path.basename(FILE) }): void => {
  writeFileSync(partFile, bytes)
  writeFileSync(`${partFile}.json`, JSON.stringify(note))
}
const whole = (): void => { expect(readFileSync(partFile).equals(ARCHIVE)).toBe(true) }
const gone = (): void => { expect([existsSync(partFile), existsSync(`${partFile}.json`)]).toEqual([false, false]) }

test('comes whole, with its hash and its CID, and progress to its end', async () => {
  const a = await origin()
  const seen: Array<[number, number | undefined]> = []
  const got = await download([a], { onProgress: (...at) => { seen.push(at) } })
  expect(got).toEqual({ file: partFile, sizeBytes: ARCHIVE.length, sha512: SHA512, cid: CID, resumedBytes: 0, claim: a.claim })
  whole()
  expect(statSync(partFile).mode & 0o777).toBe(0o600)
  expect(seen.at(-1)).toEqual([ARCHIVE.length, ARCHIVE.length])
  expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((x, y) => x - y))
})

test('the hash decides where there is no CID, and the CID where there is no hash; the other is computed', async () => {
  const a = await origin()
  for (const expected of [{ ...EXPECTED, cid: undefined }, { ...EXPECTED, sha512: undefined }]) {
    expect(await download([a], { expected })).toMatchObject({ sha512: SHA512, cid: CID })
    rmSync(partFile)
  }
})

describe('goes on', () => {
  test('from what an earlier run left: only the rest is asked for', async () => {
    left(ARCHIVE.subarray(0, 2_999_000))
    const a = await origin()
    expect(await download([a])).toMatchObject({ resumedBytes: 2_999_000, sizeBytes: ARCHIVE.length })
    whole()
    expect(archives(a)).toEqual(['GET  bytes=2999000-'])
    expect(a.site.bytesSent()).toBeLessThan(2000)
  })

  test('where all was there already: nobody is asked', async () => {
    left(ARCHIVE)
    const a = await origin()
    expect(await download([a])).toMatchObject({ resumedBytes: ARCHIVE.length, claim: a.claim })
    expect(archives(a)).toEqual([])
  })

  test('where all was there, by a CID alone', async () => {
    left(ARCHIVE, { format: 1, sha512: null, cid: CID, fileName: path.basename(FILE) })
    const a = await origin()
    expect(await download([a], { expected: { ...EXPECTED, sha512: undefined } })).toMatchObject({ resumedBytes: ARCHIVE.length })
    expect(archives(a)).toEqual([`GET  bytes=${ARCHIVE.length}-`])
  })

  test('at a server that does not know ranges: what is there is passed over', async () => {
    left(ARCHIVE.subarray(0, 1_000_001))
    const a = await origin({ ignoreRange: true })
    expect(await download([a])).toMatchObject({ resumedBytes: 1_000_001 })
    whole()
  })

  test('with the next origin when one breaks off, from where it stopped', async () => {
    const a = await origin({ cutAfter: 1_000_000 })
    const b = await origin()
    expect(await download([a, b])).toMatchObject({ resumedBytes: 0, claim: b.claim })
    whole()
    expect([archives(a), archives(b).map(withoutPlace)]).toEqual([['GET'], ['GET  bytes=N-']])
  })

  test.each<[string, Misbehaviour]>([['answers 500', { status: 500 }], ['is gone', { status: 404 }], ['stalls', { stall: true }], ['leads in a circle', { redirectTo: FILE }], ['gives another part', { contentRange: 'bytes 5-6/7', status: 206 }]])('with the next origin when one %s', async (_what, how) => {
    left(ARCHIVE.subarray(0, 10))
    expect(await download([await origin(how), await origin()])).toMatchObject({ resumedBytes: 10 })
    whole()
  })

  test('at the only origin, as long as that brings bytes', async () => {
    const a = await origin({ cutAfter: 1_000_000 })
    expect(await download([a])).toMatchObject({ claim: a.claim })
    whole()
    expect(archives(a).slice(0, 3).map(withoutPlace)).toEqual(['GET', 'GET  bytes=N-', 'GET  bytes=N-'])
  })

  test('so often and no more; what came is kept', async () => {
    const a = await origin({ cutAfter: 100_000 })
    expect(await failureOf(download([a]))).toBe('ORIGIN_UNREACHABLE unreachable: SITE0 does not answer (ECONNRESET)')
    expect(archives(a).length).toBe(MAX_DOWNLOAD_ROUNDS)
    expect(statSync(partFile).size).toBeGreaterThan(100_000)
  })

  test('with another origin that is faster than one that is slow; with the last, however slow', async () => {
    let now = 0
    const clock: Clock = { now: () => { now += SLOW_SPAN_MS / 4; return now }, sleep: async () => {} } // a quarter of the span passes with each piece
    const [slow, slower] = [await origin({ bytesPerSecond: 2_000_000 }), await origin({ bytesPerSecond: 3_000_000 })]
    expect(await download([slow, slower], { clock })).toMatchObject({ claim: slower.claim })
    whole()
    expect(archives(slower)[0]).toMatch(/^GET {2}bytes=[1-9]/)
  })

  test('not with a part of another archive, nor with one of which nobody knows what it is', async () => {
    const a = await origin()
    const notes = [undefined, 'no JSON', { format: 2, sha512: SHA512, cid: CID, fileName: path.basename(FILE) }, { format: 1, sha512: 'ff'.repeat(64), cid: CID, fileName: path.basename(FILE) }, { format: 1, sha512: SHA512, cid: CID, fileName: 'other.tar.gz' }, { format: 1, sha512: null, cid: null, fileName: path.basename(FILE) }]
    for (const note of notes) {
      left(ARCHIVE.subarray(0, 1000), note)
      if (note === undefined) rmSync(`${partFile}.json`)
      expect([note, (await download([a])).resumedBytes]).toEqual([note, 0])
    }
    expect(archives(a)).toEqual(notes.map(() => 'GET'))
  })

  test('with a part whose hash is known and whose CID was not', async () => {
    left(ARCHIVE.subarray(0, 1000), { format: 1, sha512: SHA512, cid: null, fileName: path.basename(FILE) })
    expect(await download([await origin()])).toMatchObject({ resumedBytes: 1000 })
    expect(JSON.parse(readFileSync(`${partFile}.json`, 'utf8'))).toEqual({ format: 1, sha512: SHA512, cid: CID, fileName: path.basename(FILE) })
  })
})

describe('what is wrong leaves nothing', () => {
  test('a wrong hash', async () => {
    expect(await failureOf(download([await origin(undefined, OTHER)]))).toMatch(/^HASH_MISMATCH refused: kubo_v0\.43\.0_linux-amd64\.tar\.gz of SITE0 has another hash than it must: [0-9a-f]{16}…, not [0-9a-f]{16}…$/)
    gone()
  })

  test('a right hash and a wrong CID: other origins are not asked for the same bytes', async () => {
    const [a, b] = [await origin(), await origin()]
    expect(await failureOf(download([a, b], { expected: { ...EXPECTED, cid: WRONG_CID } }))).toMatch(/^CID_MISMATCH refused: /)
    gone()
    expect(archives(b)).toEqual([])
  })

  test('a wrong CID where there is no hash', async () => {
    expect(await failureOf(download([await origin()], { expected: { ...EXPECTED, sha512: undefined, cid: WRONG_CID } }))).toMatch(/^CID_MISMATCH refused: /)
    gone()
  })

  test('a wrong CID where there is no hash: other bytes may have it', async () => {
    const [a, b] = [await origin(undefined, OTHER), await origin()]
    expect(await download([a, b], { expected: { ...EXPECTED, sha512: undefined } })).toMatchObject({ claim: b.claim })
  })

  test('an archive that is short, and says so', async () => {
    expect(await failureOf(download([await origin(undefined, ARCHIVE.subarray(0, 2_000_000))]))).toMatch(/^HASH_MISMATCH /)
    gone()
  })

  test('one that says to be shorter than it is', async () => {
    expect(await failureOf(download([await origin({ contentLength: 1000 })]))).toMatch(/^HASH_MISMATCH /)
    gone()
  })

  test('one that says to be longer than it is, is not whole; all of it may still be right', async () => {
    expect(await download([await origin({ contentLength: ARCHIVE.length + 1 })])).toMatchObject({ sha512: SHA512 })
  })

  test.each<[string, number]>([['says to be', 3_000_001], ['is', 2_999_999]])('one that %s too large', async (what, maxBytes) => {
    const a = await origin(what === 'is' ? undefined : { contentLength: 3_000_002 })
    expect(await failureOf(download([a], { maxBytes }))).toBe(`ARCHIVE_REFUSED refused: what SITE0 gives has over ${maxBytes} bytes`)
    gone()
  })

  test('a part that is larger than an archive may be', async () => {
    left(Buffer.concat([ARCHIVE, Buffer.alloc(1)]))
    const a = await origin()
    expect(await download([a], { maxBytes: ARCHIVE.length })).toMatchObject({ resumedBytes: 0 })
    expect(archives(a)).toEqual(['GET'])
  })

  test('one that is empty', async () => {
    expect(await failureOf(download([await origin(undefined, new Uint8Array(0))]))).toMatch(/^HASH_MISMATCH /)
    gone()
  })

  test('an origin that gives wrong bytes is out, and the next one gives all of it', async () => {
    const [a, b] = [await origin(undefined, OTHER), await origin()]
    expect(await download([a, b])).toMatchObject({ claim: b.claim })
    whole()
    expect([archives(a), archives(b)]).toEqual([['GET'], ['GET']])
  })

  test('a part that was damaged is asked for once more from the start', async () => {
    const damaged = ARCHIVE.slice(0, 1_000_000)
    damaged[5]! ^= 1
    left(damaged)
    const a = await origin()
    expect(await download([a])).toMatchObject({ resumedBytes: 0 })
    whole()
    expect(archives(a)).toEqual(['GET  bytes=1000000-', 'GET'])
  })

  test('a whole part that is damaged too, and one that is longer than the archive', async () => {
    for (const damaged of [OTHER, Buffer.concat([ARCHIVE, Buffer.alloc(5)])]) {
      left(damaged)
      expect(await download([await origin()])).toMatchObject({ resumedBytes: 0 })
      whole()
    }
  })

  test('a part that is damaged and an origin that is wrong: refused', async () => {
    left(OTHER.subarray(0, 1000))
    expect(await failureOf(download([await origin(undefined, OTHER)]))).toMatch(/^HASH_MISMATCH /)
    gone()
  })

  test('wrong bytes of one and right ones of another, mixed: all from the start, and the wrong one is found out', async () => {
    const [cutAndWrong, right] = [await origin({ cutAfter: 1_000_000 }, OTHER), await origin()]
    expect(await download([cutAndWrong, right])).toMatchObject({ claim: right.claim, resumedBytes: 0 })
    whole()
    expect(archives(right).map(withoutPlace)).toEqual(['GET  bytes=N-', 'GET'])
    rmSync(partFile)
    const [cutAndRight, wrong] = [await origin({ cutAfter: 1_000_000 }), await origin(undefined, OTHER)]
    expect(await download([cutAndRight, wrong])).toMatchObject({ claim: cutAndRight.claim, resumedBytes: 0 })
    whole()
  })
})

describe('interrupted', () => {
  test('because nobody is in reach: what an earlier run left stays', async () => {
    left(ARCHIVE.subarray(0, 1000))
    expect(await failureOf(download([]))).toBe('ORIGIN_UNREACHABLE unreachable: no origin is left that has the archive')
    expect(await failureOf(download([await origin({ status: 503 })]))).toBe('ORIGIN_UNREACHABLE unreachable: SITE0 answers with status 503')
    expect(statSync(partFile).size).toBe(1000)
  })

  test('what came is kept, and the reason is the caller\'s', async () => {
    const stop = new AbortController()
    const a = await origin()
    let received = 0
    const asked = download([a], { signal: stop.signal, onProgress: done => { received = done; if (done > 1_000_000) stop.abort(new Error('stopped')) } })
    expect(await failureOf(asked)).toBe('Error : stopped')
    expect(statSync(partFile).size).toBe(received)
    expect(await download([a])).toMatchObject({ resumedBytes: received })
    whole()
  })

  test('between two rounds too', async () => {
    const stop = new AbortController()
    const asked = download([await origin({ cutAfter: 1000 })], { signal: stop.signal, clock: { now: () => 0, sleep: async () => { stop.abort(new Error('stopped')) } } })
    expect(await failureOf(asked)).toBe('Error : stopped')
  })
})

/** Not over https: gives these pieces, and says that they are so many bytes. */
async function pieces (source: () => AsyncIterable<Uint8Array>, totalBytes: number | undefined): Promise<DownloadSource> {
  const { claim, origin: made } = await origin()
  return { claim, origin: { ...made, name: '/ipns/dist.test', open: async () => ({ fromByte: 0, totalBytes, source: source() }) } }
}

test('an origin that ends before the length that it told has broken off', async () => {
  const short = await pieces(async function * () { yield ARCHIVE.subarray(0, 1000) }, ARCHIVE.length)
  expect(await failureOf(download([short]))).toBe(`ORIGIN_UNREACHABLE unreachable: /ipns/dist.test broke off after 1000 of ${ARCHIVE.length} bytes`)
  expect(statSync(partFile).size).toBe(1000)
})

test('a disk that is slow slows the origin down: little waits in memory', async () => {
  let givenBytes = 0
  const source = await pieces(async function * () { for (let at = 0; at < ARCHIVE.length; at += 65_536) { givenBytes = at; yield ARCHIVE.subarray(at, at + 65_536) } }, undefined)
  let release = (): void => {}
  const gate = new Promise<void>(resolve => { release = resolve })
  const slow: StorageFs = {
    ...diskFs,
    open: async (...args) => {
      const file = await diskFs.open(...args)
      return args[0] === partFile ? Object.assign(Object.create(file) as typeof file, { write: async (...bytes: Parameters<typeof file.write>) => { await gate; return await file.write(...bytes) }, close: async () => { await file.close() } }) : file
    },
  }
  const got = download([source], { fs: slow })
  for (let before = -1; before !== givenBytes || givenBytes === 0;) { before = givenBytes; await systemClock.sleep(50) }
  expect(givenBytes).toBeLessThan(300_000)
  release()
  expect(await got).toMatchObject({ sha512: SHA512 })
})

test('at each step of the disk that fails, is full, or is the last one: no wrong archive, and the next run has it', async () => {
  const a = await origin()
  const quiet = faultyFs()
  left(ARCHIVE.subarray(0, 2_900_000), { format: 1, sha512: SHA512, cid: null, fileName: path.basename(FILE) })
  await download([a], { fs: quiet })
  expect(quiet.steps.at(-1)).toBe('datasync x.part')
  const seen = new Set<string>()
  for (const kind of ['fail', 'full', 'torn'] as const) {
    for (let at = 0; at < quiet.steps.length; at++) {
      left(ARCHIVE.subarray(0, 2_900_000), { format: 1, sha512: SHA512, cid: null, fileName: path.basename(FILE) })
      const outcome = await failureOf(download([a], { fs: faultyFs({ kind, at }) }))
      if (outcome.startsWith('{')) whole()
      else seen.add(outcome.split(/[ :]/)[0]!)
      expect(await download([a])).toMatchObject({ sha512: SHA512 })
      whole()
    }
  }
  expect([...seen].sort()).toEqual(['DISK_FULL', 'EIO', 'KILLED'])
})
