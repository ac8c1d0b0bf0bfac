/** An origin over https: a dist tree, or the releases of a GitHub repository. docs/formats/ipfsup.md, "Origins". */
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { openHttp, readReply, type HttpReply } from '@ipkit/core/net/http-request'
import { hostOf, portOf, type Environment } from '@ipkit/core/net/proxy-route'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { invalid } from '../domain/dist-layout.ts'
import { findInDist, findInGithub, readDistVersions, type FoundArchive, type ReadSmallFile, type SmallFile } from '../domain/dist-tree.ts'
import type { ArchiveStream, Claim, Origin, Release, VersionList } from '../domain/origin.ts'
import { ARCHIVE_HEAD_MS, SMALL_FILE_MS } from '../domain/wire-limits.ts'

export interface HttpsOriginDeps {
  /** Names the proxies. */
  readonly env: Environment
  readonly clock: Clock
  /** As `HttpOptions` has them; for tests. */
  readonly trust?: string | undefined
  readonly silenceMs?: number
}

const HEADERS = { 'user-agent': 'ipfsup', 'accept-encoding': 'identity' }
const ABSENT = new Set([404, 410])

/** @param base of `Settings.origins`: https, or http on the loopback interface; without a slash at the end */
export function httpsOrigin (deps: HttpsOriginDeps, base: string): Origin {
  const get = async (url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpReply> =>
    await openHttp({ method: 'GET', url: new URL(url), headers: { ...HEADERS, ...headers } }, { ...deps, signal })

  const read: ReadSmallFile = async (path, maxBytes, signal) => await inTime(deps.clock, SMALL_FILE_MS, `${base}${path}`, signal, async until => {
    const reply = await get(`${base}${path}`, {}, until)
    if (reply.status === 200) return { ...hostsOf(reply), bytes: await readReply(reply, maxBytes, `${base}${path}`) }
    reply.discard()
    if (ABSENT.has(reply.status)) return undefined
    throw failed(reply)
  })

  const exists = async (path: string, signal: AbortSignal): Promise<SmallFile | undefined> => await inTime(deps.clock, ARCHIVE_HEAD_MS, `${base}${path}`, signal, async until => {
    const reply = await get(`${base}${path}`, {}, until)
    reply.discard()
    if (reply.status === 200) return { ...hostsOf(reply), bytes: new Uint8Array(0) }
    if (ABSENT.has(reply.status)) return undefined
    throw failed(reply)
  })

  async function open (claim: Claim, fromByte: number, signal: AbortSignal): Promise<ArchiveStream> {
    const reply = await inTime(deps.clock, ARCHIVE_HEAD_MS, claim.link, signal, async until => await get(claim.link, fromByte === 0 ? {} : { range: `bytes=${fromByte}-` }, until))
    const { status, headers } = reply
    if (status === 200) return { fromByte: 0, totalBytes: wholeNumber(headers['content-length']), source: bodyOf(reply) }
    const [, from, total, end] = /^bytes (?:(\d+)-\d+\/(?:(\d+)|\*)|\*\/(\d+))$/.exec(String(headers['content-range'])) ?? []
    if (status === 206 && Number(from) === fromByte) return { fromByte, totalBytes: wholeNumber(total), source: bodyOf(reply) }
    reply.discard()
    if (status === 206) throw invalid(claim.link, `it was asked for from byte ${fromByte} on and gives another part`)
    if (status !== 416 || fromByte === 0) throw failed(reply)
    if (Number(end) === fromByte) return { fromByte, totalBytes: fromByte, source: nothing() }
    return await open(claim, 0, signal) // it has another archive there than what was begun with, or does not know ranges
  }

  const isGithub = base.endsWith('/releases/download')
  return {
    name: base,
    transport: 'https',
    versions: isGithub ? async () => undefined : async (signal): Promise<VersionList> => await readDistVersions(base, read, signal),
    async claim (release: Release, signal) {
      const found = isGithub ? await findInGithub(base, release, read, exists, signal) : await findInDist(base, release, read, signal)
      return found === undefined ? undefined : claimOf(base, found)
    },
    open,
  }
}

const claimOf = (base: string, { path, ...found }: FoundArchive): Claim => ({ ...found, origin: base, transport: 'https', proof: 'https', link: `${base}${path}` })

const hostPort = (url: URL): string => `${hostOf(url)}:${portOf(url)}`
const hostsOf = ({ url, redirectedBy }: HttpReply): { host: string, redirectedBy: readonly string[] } => ({ host: hostPort(url), redirectedBy: redirectedBy.map(hostPort) })

const failed = ({ url, status }: HttpReply): AppError => new AppError('ORIGIN_UNREACHABLE', `${url.origin} answers with status ${status}`, { exit: 'unreachable', hints: ['try again later'] })

const wholeNumber = (text: string | string[] | undefined): number | undefined => typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined

async function * nothing (): AsyncGenerator<Uint8Array> { /* all is there */ }

async function * bodyOf (reply: HttpReply): AsyncGenerator<Uint8Array> {
  try {
    yield * reply.source
  } catch (e) {
    throw asOriginError(e)
  } finally {
    reply.discard()
  }
}

/** Ends `work` when its time is over. What it gave in time goes on under the caller's signal alone. */
async function inTime<T> (clock: Clock, ms: number, what: string, signal: AbortSignal, work: (until: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  try {
    return await withDeadline(clock, ms, what, work(AbortSignal.any([signal, stop.signal])), signal)
  } catch (e) {
    stop.abort(e)
    throw asOriginError(e)
  }
}

function asOriginError (e: unknown): unknown {
  switch (codeOf(e)) {
    case 'HTTP_UNREACHABLE': case 'TIMED_OUT': return new AppError('ORIGIN_UNREACHABLE', messageOf(e), { exit: 'unreachable', hints: ['check the connection', 'other origins can be named: IPFSUP_ORIGINS'], cause: e })
    case 'HTTP_ANSWER_TOO_LARGE': return new AppError('ORIGIN_ANSWER_INVALID', messageOf(e), { exit: 'refused', cause: e })
    default: return e
  }
}
