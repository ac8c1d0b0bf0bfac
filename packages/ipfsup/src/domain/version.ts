/** Versions of IPFS implementations: `go-v0.43.0` is Kubo (go-ipfs before 0.14), `js-v0.66.1` is js-ipfs. */
import { AppError } from '@ipkit/core/errors/app-error'

export type Lang = 'go' | 'js'

export interface Version {
  readonly lang: Lang
  /** Without a leading `v`: `0.43.0`, `0.44.0-rc1`. */
  readonly semver: string
}

/** What a user may ask for: an exact version, or the latest of an implementation. */
export type VersionAsk = { readonly kind: 'latest', readonly lang: Lang } | { readonly kind: 'exact', readonly version: Version }

export const MAX_VERSION_CHARACTERS = 64
const SEMVER = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/
const LANGS: readonly string[] = ['go', 'js'] satisfies Lang[]

export const formatVersion = ({ lang, semver }: Version): string => `${lang}-v${semver}`
export const isPrerelease = ({ semver }: Version): boolean => semver.includes('-')
export const sameVersion = (a: Version, b: Version): boolean => a.lang === b.lang && a.semver === b.semver

/**
 * `latest`, `go-latest`, `js-latest`, `v0.43.0`, `0.43.0`, `go-v0.43.0`, `js-0.66.1`. Without a language it is Kubo's.
 * @throws AppError VERSION_INVALID, LANGUAGE_UNKNOWN; exit usage
 */
export function parseAsk (text: string): VersionAsk {
  const shown = text.slice(0, MAX_VERSION_CHARACTERS)
  const [, lang, rest] = /^(?:([A-Za-z]+)-(?=v?\d|latest$))?(.*)$/s.exec(text) ?? []
  if (lang !== undefined && !LANGS.includes(lang)) throw new AppError('LANGUAGE_UNKNOWN', `'${shown}' names no implementation that is known: '${lang}'`, { exit: 'usage', hints: ['go is Kubo, js is js-ipfs: go-latest, js-latest'] })
  const known = (lang ?? 'go') as Lang
  if (rest === 'latest') return { kind: 'latest', lang: known }
  const semver = rest?.replace(/^v/, '') ?? ''
  if (text.length > MAX_VERSION_CHARACTERS || !SEMVER.test(semver)) throw new AppError('VERSION_INVALID', `'${shown}' is not a version`, { exit: 'usage', hints: ['versions are written v0.43.0, js-v0.66.1, latest or js-latest', "see what there is: 'ipfsup ls --remote'"] })
  return { kind: 'exact', version: { lang: known, semver } }
}

/** As `parseAsk`, where `latest` is no answer. @throws AppError VERSION_INVALID, LANGUAGE_UNKNOWN; exit usage */
export function parseVersion (text: string): Version {
  const ask = parseAsk(text)
  if (ask.kind === 'latest') throw new AppError('VERSION_INVALID', `'${text}' names no exact version`, { exit: 'usage', hints: ['write it like v0.43.0 or js-v0.66.1'] })
  return ask.version
}

/** A version in the one spelling that files and folders have: `go-v0.43.0`. @returns undefined for any other */
export function readVersionName (text: string): Version | undefined {
  const [, lang, semver] = /^(go|js)-v(.*)$/s.exec(text) ?? []
  return lang === undefined || semver === undefined || text.length > MAX_VERSION_CHARACTERS || !SEMVER.test(semver) ? undefined : { lang: lang as Lang, semver }
}

/** By semver's precedence, so `rc10` after `rc9` only where written `rc.10`; Kubo writes `rc9`, and numbers at the end of such a word are compared as numbers. */
export function compareSemver (a: string, b: string): number {
  const [coreA, preA] = split(a)
  const [coreB, preB] = split(b)
  for (let i = 0; i < 3; i++) if (coreA[i] !== coreB[i]) return coreA[i]! - coreB[i]!
  if (preA.length === 0 || preB.length === 0) return preB.length - preA.length
  for (let i = 0; i < Math.max(preA.length, preB.length); i++) {
    const order = comparePart(preA[i], preB[i])
    if (order !== 0) return order
  }
  return 0
}

/** Highest last; implementations apart. */
export const compareVersions = (a: Version, b: Version): number => a.lang === b.lang ? compareSemver(a.semver, b.semver) : a.lang < b.lang ? -1 : 1

function split (semver: string): [number[], string[]] {
  const [, core, pre] = /^([0-9.]+)(?:-(.*))?$/.exec(semver) ?? []
  return [(core ?? '').split('.').map(Number), pre === undefined ? [] : pre.split('.')]
}

function comparePart (a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  const [[, wordA, numberA], [, wordB, numberB]] = [wordAndNumber(a), wordAndNumber(b)]
  const isNumber = (word: string): number => word === '' ? 0 : 1 // numbers come before words
  if (isNumber(wordA!) !== isNumber(wordB!)) return isNumber(wordA!) - isNumber(wordB!)
  if (wordA !== wordB) return wordA! < wordB! ? -1 : 1
  return Number(numberA) - Number(numberB)
}

const wordAndNumber = (part: string): RegExpExecArray => /^(.*?)(\d*)$/.exec(part)!
