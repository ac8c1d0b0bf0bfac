/** How releases of Kubo lie in a dist tree (dist.ipfs.tech) and among the releases of a GitHub repository: paths, names, small files. Pure. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { answer, check, nullable, optional, record, string } from '@ipkit/core/schema/schema'
import type { Release } from './origin.ts'
import { architectureOf, type Platform } from './platform.ts'
import { compareSemver, formatVersion, parseVersion, type Version } from './version.ts'

export type DistName = 'kubo' | 'go-ipfs'

const FIRST_OF_KUBO = '0.14.0-0'
const FIRST_STUB = '0.36.0-rc1'

/** The dist that a version is taken from: both list some. */
export const distOf = ({ semver }: Version): DistName => compareSemver(semver, FIRST_OF_KUBO) < 0 ? 'go-ipfs' : 'kubo'

/** Whether what go-ipfs gives under this version only prints that it is called kubo now. */
export const isStub = ({ semver }: Version): boolean => compareSemver(semver, FIRST_STUB) >= 0

/** Without its ending, as both layouts have it: `kubo_v0.43.0_linux-amd64`. */
const baseName = (dist: DistName, { version, platform }: Release): string => `${dist}_v${version.semver}_${architectureOf(platform)}`

/** `kubo_v0.43.0_linux-amd64.tar.gz` */
export const archiveName = (release: Release): string => `${baseName(distOf(release.version), release)}.${release.platform.os === 'windows' ? 'zip' : 'tar.gz'}`

/** @param text `/<dist>/versions`: one a line, unsorted, with lines that are none @returns each once, of this dist alone */
export function parseVersionList (text: string, dist: DistName): Version[] {
  const seen = new Map<string, Version>()
  for (const line of text.split('\n')) {
    const version = parseLine(line.trim())
    if (version !== undefined && distOf(version) === dist) seen.set(formatVersion(version), version)
  }
  return [...seen.values()]
}

export interface ArchiveFacts {
  readonly fileName: string
  readonly sha512: string | undefined
  readonly cid: string | undefined
}

const LONGEST = 512
const DIST_JSON = answer({
  version: string({ max: LONGEST }),
  platforms: record(string({ max: LONGEST }), answer({
    archs: record(string({ max: LONGEST }), answer({
      link: string({ max: LONGEST }),
      sha512: optional(nullable(string({ max: LONGEST }))),
      cid: optional(nullable(string({ max: LONGEST }))),
    }), { max: 256 }),
  }), { max: 256 }),
})

/**
 * @param text `/<dist>/<version>/dist.json` @param what names it, for the message
 * @throws AppError ORIGIN_ANSWER_INVALID (exit refused), NO_BUILD (exit notFound)
 */
export function parseDistJson (text: string, release: Release, what: string): ArchiveFacts {
  const { version, platform } = release
  const told = readJson(text, what)
  if (told.version !== `v${version.semver}`) throw invalid(what, `it is that of another version, ${quoted(told.version)}`)
  const entry = told.platforms[platform.os]?.archs[platform.arch]
  if (entry === undefined) throw noBuild(release, Object.entries(told.platforms).flatMap(([os, { archs }]) => Object.keys(archs).map(arch => ({ os, arch }))))
  const fileName = entry.link.replace(/^\//, '')
  const base = baseName(distOf(version), release)
  if (fileName !== `${base}.tar.gz` && fileName !== `${base}.zip`) throw invalid(what, `it leads to ${quoted(entry.link)}`)
  return { fileName, sha512: isGiven(entry.sha512) ? readSha512(entry.sha512, what) : undefined, cid: isGiven(entry.cid) ? readCid(entry.cid, what) : undefined }
}

/** @param text `<hex>  <name>`, as sha512sum writes it; the name may be missing @throws AppError ORIGIN_ANSWER_INVALID */
export function parseSha512File (text: string, fileName: string, what: string): string {
  const [, hex = '', name = fileName] = /^(\S+)(?:[ \t]+\*?(?:\.\/)?(\S+))?[ \t\r]*\n*$/.exec(text) ?? []
  if (name !== fileName) throw invalid(what, `it is that of ${quoted(name)}`)
  return readSha512(hex, what)
}

/** @throws AppError ORIGIN_ANSWER_INVALID */
export const parseCidFile = (text: string, what: string): string => readCid(text.trim(), what)

/** @param why lower case, of what came from outside only what is quoted */
export const invalid = (what: string, why: string): AppError => new AppError('ORIGIN_ANSWER_INVALID', `${what} cannot be used: ${why}`, { exit: 'refused', hints: ['see that the origin is one: ipfsup doctor'] })

export const stubRefused = ({ semver }: Version): AppError => new AppError('RELEASE_IS_STUB', `go-ipfs v${semver} is a stub that only says that it is called kubo now`, { exit: 'refused', hints: ["see the releases of kubo: 'ipfsup ls --remote'"] })

function parseLine (line: string): Version | undefined {
  if (!line.startsWith('v')) return undefined
  try {
    return parseVersion(`go-${line}`)
  } catch (e) {
    if (isAppError(e)) return undefined
    throw e
  }
}

function readJson (text: string, what: string): ReturnType<typeof DIST_JSON.read> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid(what, 'it is no JSON')
  }
  try {
    return check(DIST_JSON, value, 'it')
  } catch (e) {
    if (!isAppError(e)) throw e
    throw invalid(what, e.message)
  }
}

/** Old ones have no hashes. */
const isGiven = (text: string | null | undefined): text is string => text !== undefined && text !== null && text !== ''

function readSha512 (text: string, what: string): string {
  if (!/^[0-9a-f]{128}$/i.test(text)) throw invalid(what, `${quoted(text)} is no SHA-512`)
  return text.toLowerCase()
}

function readCid (text: string, what: string): string {
  if (!isCanonicalCid(text)) throw invalid(what, `${quoted(text)} is no CID`)
  return text
}

function noBuild ({ version, platform }: Release, builds: readonly Platform[]): AppError {
  const others = builds.map(architectureOf).filter(name => /^[a-z0-9]{1,20}-[a-z0-9]{1,20}$/.test(name)).sort().slice(0, 32)
  return new AppError('NO_BUILD', `${formatVersion(version)} has no build for ${architectureOf(platform)}`, { exit: 'notFound', hints: others.length === 0 ? [] : [`it has builds for ${others.join(', ')}`] })
}

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
