import { beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import type { SeenLatest } from '../../src/domain/home-state.ts'
import type { Origin } from '../../src/domain/origin.ts'
import { latestSource, type Latest } from '../../src/domain/resolve-version.ts'
import { formatVersion, parseVersion, type Lang, type Version } from '../../src/domain/version.ts'

const never = new AbortController().signal
const DAY_MS = 86_400_000
const JS = [parseVersion('js-v0.66.1')]

let clock: ManualClock
let kept: Map<string, SeenLatest>
beforeEach(() => {
  clock = new ManualClock(DAY_MS)
  kept = new Map()
})

/** One that lists these, keeps no list, or fails. */
const lists = (...versions: string[]): Origin => origin(async () => ({ versions: versions.map(parseVersion), host: 'x' }))
const listless = (): Origin => origin(async () => undefined)
const failing = (code: string, message = 'it does not answer'): Origin => origin(async () => { throw new AppError(code, message, { exit: 'unreachable' }) })
let count = 0
const origin = (versions: Origin['versions']): Origin => ({ name: `https://${++count}.test`, transport: 'https', versions, claim: async () => undefined, open: async () => { throw new Error('not asked for') } })

const source = (...origins: Origin[]): ReturnType<typeof latestSource> => latestSource({
  origins, jsVersions: JS, clock, state: { latest: async (lang, pre) => kept.get(`${lang} ${pre}`), setLatest: async (lang, pre, seen) => { kept.set(`${lang} ${pre}`, seen) } },
})
const latest = async (origins: Origin[], { pre = false, offline = false, lang = 'go' as Lang } = {}): Promise<Latest> => await source(...origins).latest(lang, { pre, offline }, never)
const shown = ({ version, seen, remembered }: Latest): string => `${formatVersion(version)}, highest ${formatVersion(seen.version)} since day ${seen.sinceMs / DAY_MS}, said on day ${seen.answeredMs / DAY_MS}${remembered ? ', remembered' : ''}`

describe('the latest', () => {
  test.each<[string, string[][], boolean, string]>([
    ['is the highest by number, wherever it stands', [['v0.9.0', 'v0.43.0', 'v0.10.0', 'v0.42.1']], false, 'go-v0.43.0'],
    ['is no candidate', [['v0.43.0', 'v0.44.0-rc1']], false, 'go-v0.43.0'],
    ['may be a candidate with --pre', [['v0.43.0', 'v0.44.0-rc9', 'v0.44.0-rc10']], true, 'go-v0.44.0-rc10'],
    ['with --pre is the release once there is one', [['v0.44.0', 'v0.44.0-rc1']], true, 'go-v0.44.0'],
    ['is the highest over all origins', [['v0.42.0'], ['v0.43.0'], ['v0.41.0']], false, 'go-v0.43.0'],
  ])('%s', async (_what, origins, pre, version) => { expect(formatVersion((await latest(origins.map(each => lists(...each)), { pre })).version)).toBe(version) })

  test('of js-ipfs is what ipfsup ships, whoever is in reach', async () => {
    for (const offline of [false, true]) expect(await latest([failing('ORIGIN_UNREACHABLE')], { lang: 'js', offline })).toMatchObject({ version: JS[0], remembered: false, failures: [] })
  })

  test('is remembered with the time; one that is lower later says what was highest and since when', async () => {
    expect(shown(await latest([lists('v0.42.0')]))).toBe('go-v0.42.0, highest go-v0.42.0 since day 1, said on day 1')
    clock.advance(DAY_MS)
    expect(shown(await latest([lists('v0.43.0')]))).toBe('go-v0.43.0, highest go-v0.43.0 since day 2, said on day 2')
    clock.advance(DAY_MS)
    expect(shown(await latest([lists('v0.43.0')]))).toBe('go-v0.43.0, highest go-v0.43.0 since day 2, said on day 3')
    clock.advance(DAY_MS)
    expect(shown(await latest([lists('v0.42.0')]))).toBe('go-v0.42.0, highest go-v0.43.0 since day 2, said on day 4')
    clock.advance(DAY_MS)
    expect(shown(await latest([], { offline: true }))).toBe('go-v0.42.0, highest go-v0.43.0 since day 2, said on day 4, remembered')
    expect(shown(await latest([lists('v0.44.0-rc1')], { pre: true }))).toBe('go-v0.44.0-rc1, highest go-v0.44.0-rc1 since day 5, said on day 5')
    expect(shown(await latest([failing('ORIGIN_UNREACHABLE')]))).toBe('go-v0.42.0, highest go-v0.43.0 since day 2, said on day 4, remembered')
  })

  test('offline nobody is asked, and without a memory that is an error', async () => {
    const asked = origin(async () => { throw new Error('asked') })
    await expect(latest([asked], { offline: true })).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', exit: 'unreachable', message: 'nobody is asked offline, and no answer is remembered' })
  })

  test('is none where there are only candidates', async () => {
    await expect(latest([lists('v0.44.0-rc1')])).rejects.toMatchObject({ code: 'VERSION_UNKNOWN', exit: 'notFound' })
    expect(kept.size).toBe(0)
  })

  test('is what those say who answer; who did not is named, and why', async () => {
    expect(await latest([failing('ORIGIN_ANSWER_INVALID', 'it is nonsense'), lists('v0.43.0'), listless(), failing('ORIGIN_UNREACHABLE')])).toMatchObject({
      version: parseVersion('v0.43.0'), remembered: false, failures: [{ origin: expect.stringMatching(/^https:/), message: 'it is nonsense' }, { message: 'it does not answer' }],
    })
  })
})

describe('all versions', () => {
  const versions = async (...origins: Origin[]): Promise<string[]> => (await source(...origins).versions('go', never)).map((version: Version) => formatVersion(version))

  test('are those of all origins, each once, lowest first', async () => {
    expect(await versions(lists('v0.43.0', 'v0.9.0'), lists('v0.10.0', 'v0.43.0'), listless(), failing('ORIGIN_UNREACHABLE'))).toEqual(['go-v0.9.0', 'go-v0.10.0', 'go-v0.43.0'])
    expect(await source().versions('js', never)).toEqual(JS)
  })

  test('are an error when nobody answers', async () => {
    await expect(versions(failing('ORIGIN_UNREACHABLE'), failing('ORIGIN_ANSWER_INVALID'))).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', exit: 'unreachable', message: 'no origin says what versions there are: it does not answer (and 1 more)' })
    await expect(versions(listless())).rejects.toMatchObject({ code: 'ORIGIN_UNREACHABLE', message: 'no origin that is configured keeps a list of versions' })
  })
})

test('what is no fault of an origin is not passed over: the caller who stops, a proxy that is none, a bug', async () => {
  const stop = new AbortController()
  const stopping = origin(async () => { stop.abort(new Error('stopped')); throw new AppError('ORIGIN_UNREACHABLE', 'it was stopped') })
  await expect(source(lists('v0.43.0'), stopping).versions('go', stop.signal)).rejects.toThrow('stopped')
  await expect(latest([lists('v0.43.0'), failing('PROXY_INVALID')])).rejects.toMatchObject({ code: 'PROXY_INVALID' })
  await expect(latest([lists('v0.43.0'), origin(async () => { throw new TypeError('bug') })])).rejects.toThrow('bug')
})
