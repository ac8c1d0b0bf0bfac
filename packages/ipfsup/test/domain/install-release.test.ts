import { beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import type { LockedHash } from '../../src/domain/home-state.ts'
import { installer, type Download, type InstallAsk, type InstallDeps, type Installed } from '../../src/domain/install-release.ts'
import type { Claim, Origin } from '../../src/domain/origin.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'
import { memoryReleases, type MemoryReleases } from '../memory-releases.ts'

const SHA = 'a'.repeat(128)
const OTHER = 'b'.repeat(128)
const CID = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const HTTPS = 'https://dist.example'
const NAME = 'kubo_v0.43.0_linux-amd64.tar.gz'
const unreachable = (name: string): AppError => new AppError('ORIGIN_UNREACHABLE', `${name} does not answer`, { exit: 'unreachable' })

let clock: ManualClock
let releases: MemoryReleases
let locked: Map<string, LockedHash>
let order: string[]
let https: Origin[]
let ipfs: Origin | AppError
let downloads: Download[]
beforeEach(() => {
  clock = new ManualClock(Date.UTC(2026, 2, 1))
  releases = memoryReleases()
  locked = new Map()
  order = []
  https = [origin(HTTPS, 'https')]
  ipfs = origin('/ipns/dist.ipfs.tech', 'ipfs')
  downloads = []
})

interface OriginOptions { readonly claim?: Partial<Claim> | 'unknown' | AppError | 'hangs', readonly pieces?: ReadonlyArray<Uint8Array | 'hangs' | AppError> }

function origin (name: string, transport: 'ipfs' | 'https', { claim = {}, pieces = [new Uint8Array(10)] }: OriginOptions = {}): Origin {
  return {
    name,
    transport,
    versions: async () => undefined,
    async claim (_, signal) {
      order.push(`claim ${transport}`)
      if (claim === 'hangs') return await hang(signal)
      if (claim === 'unknown') return undefined
      if (claim instanceof AppError) throw claim
      return { origin: name, transport, host: transport === 'https' ? `${new URL(name).host}:443` : 'dist.ipfs.tech', proof: transport === 'https' ? 'https' : 'dnslink', fileName: NAME, sha512: SHA, cid: CID, link: '/x', ...claim }
    },
    async open (_, fromByte, signal) {
      order.push(`open ${transport}`)
      async function * source (): AsyncGenerator<Uint8Array> {
        for (const piece of pieces) {
          if (piece === 'hangs') await hang(signal)
          else if (piece instanceof AppError) throw piece
          else yield piece as Uint8Array
        }
      }
      return { fromByte, totalBytes: undefined, source: source() }
    },
  }
}

const hang = async (signal: AbortSignal): Promise<never> => await new Promise<never>((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error) }, { once: true }) })

function deps (more: Partial<InstallDeps> = {}): InstallDeps {
  return {
    platform: { os: 'linux', arch: 'amd64' },
    httpsOrigins: https,
    async ipfsOrigin () { if (ipfs instanceof AppError) throw ipfs; return ipfs },
    // As the real one: from one origin to the next where one breaks off.
    async download (what, { signal, onProgress }) {
      downloads.push(what)
      let failure: unknown
      let doneBytes = 0
      for (const { origin, claim } of what.from) {
        try {
          const { source } = await origin.open(claim, doneBytes, signal)
          for await (const bytes of source) onProgress(doneBytes += bytes.length, undefined)
          order.push('downloaded')
          return { file: what.partFile, sizeBytes: doneBytes, sha512: what.expected.sha512 ?? SHA, cid: what.expected.cid ?? CID, resumedBytes: 3, claim }
        } catch (e) { failure = e }
      }
      throw failure
    },
    async unpack (file, fileName, folder) { order.push(`unpack ${file} ${fileName} ${folder}`) },
    npm: { async fill (version, folder, _, onProgress) { onProgress('npm'); order.push(`npm ${formatVersion(version)} ${folder}`); return { sha512: OTHER, origin: 'ipfs@0.66.1' } } },
    async tryRelease () { order.push('try'); return { repoVersion: 18 } },
    state: {
      lockedHash: async (version, architecture) => locked.get(`${formatVersion(version)}/${architecture}`),
      async lockHash (version, architecture, hash) {
        const key = `${formatVersion(version)}/${architecture}`
        if (locked.get(key) !== undefined && locked.get(key)!.sha512 !== hash.sha512) throw new AppError('RELEASE_CHANGED', key, { exit: 'refused' })
        order.push(`lock ${releases.installed.size}`)
        locked.set(key, locked.get(key) ?? hash)
      },
    },
    shippedHash: () => undefined,
    releases,
    clock,
    report: { progress: () => {}, warn: code => { order.push(`warn ${code}`) } },
    ...more,
  }
}

const ask = (more: Partial<InstallAsk> = {}): InstallAsk => ({ version: parseVersion('v0.43.0'), transport: 'auto', trusted: [], offline: false, ...more })
const install = async (asked: Partial<InstallAsk> = {}, more: Partial<InstallDeps> = {}): Promise<Installed> => await installer(deps(more)).install(ask(asked), new AbortController().signal)

test('from the claim to the release: the hash is kept before the release can be seen', async () => {
  const installed = await install()
  expect(installed).toMatchObject({
    fresh: true, resumedBytes: 3, because: expect.arrayContaining([expect.stringContaining('the only origin')]),
    release: { version: parseVersion('v0.43.0'), architecture: 'linux-amd64', transport: 'ipfs', origin: '/ipns/dist.ipfs.tech', sha512: SHA, cid: CID, repoVersion: 18, installedMs: clock.now() },
  })
  expect(order.slice(2)).toEqual(['open ipfs', 'downloaded', 'lock 0', `unpack /parts/go-v0.43.0.part ${NAME} /staging/go-v0.43.0`, 'try'])
  expect(locked.get('go-v0.43.0/linux-amd64')).toEqual({ sha512: SHA, cid: CID, seenMs: clock.now() })
})

describe('which transport', () => {
  test.each([
    ['nobody to ask over ipfs', (): void => { ipfs = unreachable('the shared node') }, 'not over ipfs: the shared node does not answer'],
    ['the dist over ipfs is older', (): void => { ipfs = origin('/ipns/x', 'ipfs', { claim: 'unknown' }) }, 'not over ipfs: the dist there does not have it'],
    ['it breaks off', (): void => { ipfs = origin('/ipns/x', 'ipfs', { pieces: [new Uint8Array(5), unreachable('/ipns/x')] }) }, 'not over ipfs: /ipns/x does not answer'],
  ])('auto: %s, so https', async (_, arrange, because) => {
    arrange()
    const installed = await install()
    expect(installed.release.transport).toBe('https')
    expect(installed.because).toEqual([because, expect.any(String)])
  })

  test.each([
    ['does not answer', (): void => { ipfs = origin('/ipns/x', 'ipfs', { claim: 'hangs' }) }, 'not over ipfs: no answer within 10 s'],
    ['gives no first byte', (): void => { ipfs = origin('/ipns/x', 'ipfs', { pieces: ['hangs'] }) }, 'not over ipfs: /ipns/x gave nothing within 10 s'],
    ['stalls', (): void => { ipfs = origin('/ipns/x', 'ipfs', { pieces: [new Uint8Array(1024 * 1024), new Uint8Array(7), 'hangs'] }) }, 'not over ipfs: /ipns/x gave less than 1 MiB within 10 s'],
  ])('auto: ipfs %s in time, so https', async (_, arrange, because) => {
    arrange()
    const installing = install()
    const waiting = setInterval(() => { clock.advance(5_000) }, 1)
    try { expect((await installing).because).toEqual([because, expect.any(String)]) } finally { clearInterval(waiting) }
    expect(order).toContain('open https')
  })

  test('auto: ipfs alone, where https knows nothing, is not hurried', async () => {
    locked.set('go-v0.43.0/linux-amd64', { sha512: SHA, cid: CID, seenMs: 0 })
    https = [origin(HTTPS, 'https', { claim: unreachable(HTTPS) })]
    const installed = await install()
    expect([installed.release.transport, downloads[0]!.from[0]!.origin]).toEqual(['ipfs', ipfs])
  })

  test('ipfs: https is asked for its word and not for bytes', async () => {
    ipfs = origin('/ipns/x', 'ipfs', { pieces: [unreachable('/ipns/x')] })
    await expect(install({ transport: 'ipfs' })).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE' })
    expect(order).toEqual(['claim ipfs', 'claim https', 'open ipfs'])
  })

  test.each(['pinned root', 'lock file', 'shipped list'])('ipfs with a %s: nobody else is asked', async what => {
    if (what === 'pinned root') ipfs = origin('/ipfs/bafy', 'ipfs', { claim: { proof: 'pinned' } })
    if (what === 'lock file') locked.set('go-v0.43.0/linux-amd64', { sha512: SHA, cid: CID, seenMs: 0 })
    const installed = await install({ transport: 'ipfs' }, what === 'shipped list' ? { shippedHash: () => ({ sha512: SHA, cid: CID, seenMs: 0 }) } : {})
    expect(installed.release.transport).toBe('ipfs')
    expect(order).not.toContain('claim https')
  })

  test('https: ipfs is not opened', async () => {
    expect((await install({ transport: 'https' }, { ipfsOrigin: async () => { throw new Error('opened') } })).release.transport).toBe('https')
  })
})

describe('nothing is installed', () => {
  const noBuild = new AppError('NO_BUILD', 'not for linux-amd64', { exit: 'notFound' })
  test.each<[string, Partial<InstallAsk>, () => void, object]>([
    ['nobody has it', {}, () => { https = [origin(HTTPS, 'https', { claim: 'unknown' })]; ipfs = unreachable('node') }, { code: 'VERSION_UNKNOWN', exit: 'notFound', hints: expect.arrayContaining(['no answer from ipfs: node does not answer']) }],
    ['not for this platform', {}, () => { https = [origin(HTTPS, 'https', { claim: noBuild })]; ipfs = origin('/ipns/x', 'ipfs', { claim: 'unknown' }) }, { code: 'NO_BUILD', exit: 'notFound' }],
    ['nobody answers', {}, () => { https = [origin(HTTPS, 'https', { claim: unreachable(HTTPS) })]; ipfs = unreachable('node') }, { code: 'ORIGIN_UNREACHABLE', exit: 'unreachable', hints: ['ipfs: node does not answer', `${HTTPS}: ${HTTPS} does not answer`, "what is installed works without: 'ipfsup ls'"] }],
    ['DNS alone says it', {}, () => { https = [origin(HTTPS, 'https', { claim: unreachable(HTTPS) })] }, { code: 'HASH_UNPROVEN', exit: 'refused' }],
    ['the lock file knows another', {}, () => { locked.set('go-v0.43.0/linux-amd64', { sha512: OTHER, cid: undefined, seenMs: 0 }) }, { code: 'RELEASE_CHANGED', exit: 'refused' }],
    ['two origins disagree', {}, () => { https.push(origin('https://b.example', 'https', { claim: { sha512: OTHER } })) }, { code: 'ORIGINS_DISAGREE', exit: 'refused' }],
    ['one of two origins answers', { transport: 'https' }, () => { https.push(origin('https://b.example', 'https', { claim: unreachable('b') })) }, { code: 'ORIGIN_ALONE', exit: 'refused' }],
    ['offline', { offline: true }, () => {}, { code: 'NOT_INSTALLED_OFFLINE', exit: 'unreachable' }],
    ['another js-ipfs', { version: parseVersion('js-v0.65.0') }, () => {}, { code: 'VERSION_UNKNOWN', exit: 'notFound' }],
  ])('%s', async (_, asked, arrange, error) => {
    arrange()
    await expect(install(asked)).rejects.toMatchObject(error)
    expect(releases.installed.size).toBe(0)
    expect(order.filter(step => /^(unpack|npm|lock)/.test(step))).toEqual([])
  })

  test.each(['unpack', 'tryRelease'] as const)('%s refuses it', async part => {
    const refusal = new AppError('RELEASE_BROKEN', 'no', { exit: 'refused' })
    await expect(install({}, { [part]: async () => { throw refusal } })).rejects.toBe(refusal)
    expect(releases.installed.size).toBe(0)
  })

  test('a bug of an origin is not hidden', async () => {
    const bug = new TypeError('x is not a function')
    https = [{ ...https[0]!, claim: async () => { throw bug } }]
    await expect(install({ transport: 'https' })).rejects.toBe(bug)
  })

  test('^C while origins are asked', async () => {
    const stop = new AbortController()
    const reason = new Error('interrupted')
    https = [origin(HTTPS, 'https', { claim: 'hangs' })]
    const installing = installer(deps()).install(ask(), stop.signal)
    installing.catch(() => {})
    await new Promise(resolve => { setImmediate(resolve) })
    stop.abort(reason)
    await expect(installing).rejects.toBe(reason)
  })
})

test('a trusted origin is enough alone', async () => {
  https.push(origin('https://b.example', 'https', { claim: unreachable('b') }))
  expect((await install({ transport: 'https', trusted: [HTTPS] })).because).toEqual([expect.stringContaining('trusted by name')])
})

test('what is installed stays, also offline; nobody is asked', async () => {
  await install()
  order = []
  expect(await install({ offline: true })).toMatchObject({ fresh: false, resumedBytes: 0, because: [] })
  expect(order).toEqual([])
})

test('what is damaged is replaced, and told; offline it is an error', async () => {
  await install()
  releases.faults.set('go-v0.43.0', ['ipfs: was changed'])
  await expect(install({ offline: true })).rejects.toMatchObject({ code: 'NOT_INSTALLED_OFFLINE' })
  order = []
  expect((await install()).fresh).toBe(true)
  expect([order[0], order.at(-1)]).toEqual(['warn RELEASE_DAMAGED', 'try'])
})

test('of two at once one downloads, and the other says that it waits', async () => {
  const steps: string[] = []
  const both = deps({ report: { progress: ({ step }) => { steps.push(step) }, warn: () => {} } })
  const signal = new AbortController().signal
  const done = await Promise.all([installer(both).install(ask(), signal), installer(both).install(ask(), signal)])
  expect(done.map(({ fresh }) => fresh)).toEqual([true, false])
  expect(order.filter(step => step === 'downloaded')).toHaveLength(1)
  expect(steps).toContain('waiting for another ipfsup that installs go-v0.43.0')
})

test('js comes from npm, is tried, and its hash is kept before it is seen', async () => {
  const installed = await install({ version: parseVersion('js-v0.66.1'), transport: 'ipfs' })
  expect(installed).toMatchObject({ fresh: true, because: ['js-ipfs comes from npm alone'], release: { transport: 'npm', origin: 'ipfs@0.66.1', sha512: OTHER, cid: undefined, repoVersion: undefined } })
  expect(order).toEqual(['npm js-v0.66.1 /staging/js-v0.66.1', 'try', 'lock 0'])
  locked.set('js-v0.66.1/linux-amd64', { sha512: SHA, cid: undefined, seenMs: 0 })
  releases.installed.clear()
  await expect(install({ version: parseVersion('js-v0.66.1') })).rejects.toMatchObject({ code: 'RELEASE_CHANGED' })
  expect(releases.installed.size).toBe(0)
})
