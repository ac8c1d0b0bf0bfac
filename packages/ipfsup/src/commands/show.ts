import { formatDuration, formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { factsText } from '@ipkit/core/cli/table'
import type { SeenLatest } from '../domain/home-state.ts'
import { becauseOf, formatAsk } from '../domain/holding-version.ts'
import { compareSemver, formatVersion, sameVersion, type Lang, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { findHolding } from './find-holding.ts'
import { installedRelease } from './get-release.ts'
import { loweredText } from './resolve-latest.ts'

const LANGS: readonly Lang[] = ['go', 'js']

/** `ipfsup show`: which version `ipfs` is here and why, and what is known of newer ones. Asks nobody. */
export async function show (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  const [place, state] = [deps.place(io), await deps.state(io)]
  const holding = await findHolding(deps, io)
  const release = holding === undefined ? undefined : await installedRelease(deps, io, holding.ask)
  const version = release?.version ?? (holding?.ask.kind === 'exact' ? holding.ask.version : undefined)
  const ipfsPath = version?.lang === 'js' ? place.jsRepo : place.ipfsPath
  const [byDefault, auto] = [await state.default(), await state.auto()]
  const latest = { go: await state.latest('go', false), js: await state.latest('js', false) }
  for (const seen of Object.values(latest)) if (seen !== undefined && !sameVersion(seen.answer, seen.version)) io.report.warn('LATEST_LOWER', loweredText(seen))
  if (holding !== undefined && release === undefined) io.report.note(`it is not installed yet; get it: 'ipfsup install ${formatAsk(holding.ask)}'`)
  else if (version !== undefined && holding?.source === 'default' && isNewer(latest[version.lang], version)) io.report.note("there is a newer one: 'ipfsup update'")
  const nowMs = io.clock.now()
  const repoVersion = version?.lang === 'js' ? undefined : await (await deps.repo(io)).version()
  const json = {
    version: version === undefined ? null : formatVersion(version),
    source: holding?.source ?? null,
    place: holding?.place ?? null,
    installed: release !== undefined,
    program: release?.program ?? null,
    ipfsPath,
    repoVersion: repoVersion ?? null,
    default: byDefault === undefined ? null : formatVersion(byDefault),
    latest: Object.fromEntries(LANGS.map(lang => [lang, seenJson(latest[lang])])),
    auto,
    home: place.home,
  }
  return document(json, factsText([
    ['version', holding === undefined ? "none; 'ipfsup update' installs the latest" : `${formatAsk(holding.ask)}${holding.ask.kind === 'latest' && version !== undefined ? `, that is ${formatVersion(version)}` : ''}`],
    ['because', holding === undefined ? 'nothing is set, and there is no default' : becauseOf(holding)],
    ['program', release?.program],
    ['repo', repoText(ipfsPath, version, repoVersion)],
    ['default', byDefault === undefined ? 'none' : formatVersion(byDefault)],
    ['latest', latestText(latest, nowMs)],
    ['updates', auto ? 'automatic' : "by hand: 'ipfsup update'"],
  ]))
}

function repoText (ipfsPath: string, version: Version | undefined, repoVersion: number | undefined): string {
  if (version?.lang === 'js') return `${ipfsPath}, apart from Kubo's`
  return repoVersion === undefined ? `${ipfsPath}, not made yet: 'ipfs init'` : `${ipfsPath}, version ${repoVersion}`
}

function latestText (latest: Readonly<Record<Lang, SeenLatest | undefined>>, nowMs: number): string {
  const known = LANGS.flatMap(lang => latest[lang] === undefined ? [] : [latest[lang]])
  if (known.length === 0) return 'nobody was asked yet'
  return known.map(({ answer, answeredMs }) => `${formatVersion(answer)}, as of ${formatTime(answeredMs)}, ${formatDuration(nowMs - answeredMs)} ago`).join('\n')
}

const isNewer = (seen: SeenLatest | undefined, version: Version): boolean => seen !== undefined && compareSemver(seen.answer.semver, version.semver) > 0

const seenJson = (seen: SeenLatest | undefined): object | null => seen === undefined ? null : {
  version: formatVersion(seen.answer),
  answeredAt: new Date(seen.answeredMs).toISOString(),
  highest: formatVersion(seen.version),
  highestSeenAt: new Date(seen.sinceMs).toISOString(),
}
