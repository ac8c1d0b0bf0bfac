/** What is believed of what origins say of an archive: which hash it must have before anything of it is used. docs/formats/ipfsup.md, "Whom to believe". Pure. */
import { AppError } from '@ipkit/core/errors/app-error'
import type { LockedHash } from './home-state.ts'
import type { Claim } from './origin.ts'

/** At least one of the two is there. */
export interface Expected {
  readonly sha512: string | undefined
  readonly cid: string | undefined
  /** For people: why this is believed. */
  readonly because: string
}

export interface TrustInput {
  /** For messages: 'go-v0.43.0 for linux-amd64'. */
  readonly release: string
  /** Of all origins that answered and have it. One that is out of reach makes no claim, and so leaves another alone. */
  readonly claims: readonly Claim[]
  readonly locked: LockedHash | undefined
  /** Of the list that comes with ipfsup. */
  readonly shipped: LockedHash | undefined
  /** https origins that are configured, in reach or not. */
  readonly originCount: number
  /** `Origin.name`s whose word alone is enough. */
  readonly trusted: readonly string[]
}

/**
 * In this order: the lock file, the shipped list, a pinned root, each of which decides alone; else https origins: one that is trusted by name, the
 * only one configured, or two that are not one party. DNSLink is a voice among several, never the only one.
 * @throws AppError RELEASE_CHANGED, ORIGINS_DISAGREE, ORIGIN_ALONE, HASH_MISSING, HASH_UNPROVEN; exit refused
 */
export function decideTrust (input: TrustInput): Expected {
  const { release, claims } = input
  const said = claims.filter(claim => claim.sha512 !== undefined || claim.cid !== undefined)
  const [known, ...others] = knownOf(input, said)
  if (known !== undefined) {
    const other = [...others, ...said.map(claim => ({ ...claim, name: claim.origin, since: '' }))].find(each => compare(known, each) === 'different')
    if (other !== undefined) throw changed(release, known, other)
    return { sha512: known.sha512, cid: known.cid, because: known.since }
  }
  if (said.length === 0) throw refusal('HASH_MISSING', `nobody says what the hash of ${release} is`, ['only a release that comes with its SHA-512 or its CID is installed'])
  for (const [i, a] of said.entries()) {
    const b = said.slice(i + 1).find(each => compare(a, each) === 'different')
    if (b !== undefined) throw disagreement(release, a, b)
  }
  const proven = said.filter(({ proof }) => proof === 'https')
  if (proven.length === 0) throw refusal('HASH_UNPROVEN', `only DNS says what the hash of ${release} is, and anybody on the way can answer for it`, ['let an https origin confirm it: --transport=auto', 'or pin the root of the dist that you trust: IPFSUP_DIST_CID=<cid>'])
  const trusted = proven.find(({ origin }) => input.trusted.includes(origin))
  if (trusted !== undefined) return { ...together(trusted), because: `${trusted.origin} is trusted by name` }
  if (input.originCount <= 1) return { ...together(proven[0]!), because: `${proven[0]!.origin} is the only origin that is configured` }
  for (const a of proven) {
    const b = said.find(each => each !== a && compare(a, each) === 'same' && !isOneParty(a, each))
    if (b !== undefined) return { ...together(a, b), because: `${a.origin} and ${b.origin} say the same` }
  }
  throw alone(input, proven)
}

interface Hashes { readonly sha512: string | undefined, readonly cid: string | undefined }
interface KnownHash extends Hashes {
  readonly name: string
  readonly since: string
}

function knownOf ({ locked, shipped }: TrustInput, said: readonly Claim[]): KnownHash[] {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
  return [
    ...locked === undefined ? [] : [{ ...locked, name: 'the lock file', since: `it is known here since ${day(locked.seenMs)}` }],
    ...shipped === undefined ? [] : [{ ...shipped, name: "ipfsup's own list", since: 'ipfsup knows it' }],
    ...said.filter(({ proof }) => proof === 'pinned').map(claim => ({ ...claim, name: `the pinned root ${claim.host}`, since: `the pinned root ${claim.host} has it` })),
  ]
}

/** Two CIDs of one file may differ in how it was cut into blocks: those of different versions say nothing of each other. */
function compare (a: Hashes, b: Hashes): 'same' | 'different' | 'unknown' {
  const sums = a.sha512 === undefined || b.sha512 === undefined ? 'unknown' : a.sha512 === b.sha512 ? 'same' : 'different'
  const cids = a.cid === undefined || b.cid === undefined || a.cid[0] !== b.cid[0] ? 'unknown' : a.cid === b.cid ? 'same' : 'different'
  if (sums === 'different' || cids === 'different') return 'different'
  return sums === 'same' || cids === 'same' ? 'same' : 'unknown'
}

const differing = (a: Hashes, b: Hashes): 'sha512' | 'cid' => a.sha512 !== undefined && b.sha512 !== undefined && a.sha512 !== b.sha512 ? 'sha512' : 'cid'

const short = (hash: string | undefined): string => hash === undefined ? 'none' : hash.length > 24 ? `${hash.slice(0, 12)}…${hash.slice(-8)}` : hash

const together = (...[a, b]: readonly [Claim, Claim?]): Hashes => ({ sha512: a.sha512 ?? b?.sha512, cid: a.cid ?? b?.cid })

/** Whoever could have made it another answer has a part in both. */
function isOneParty (a: Claim, b: Claim): boolean {
  const partiesOf = ({ host, redirectedBy = [], proof }: Claim): string[] => proof === 'https' ? [host, ...redirectedBy].map(partyOf) : [host]
  const parties = partiesOf(a)
  return partiesOf(b).some(party => parties.includes(party))
}

/** A machine is one party whatever its port; on this machine each port is somebody else's, a tunnel's say. @param host with a port */
function partyOf (host: string): string {
  const name = host.slice(0, host.lastIndexOf(':'))
  return /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(name) ? host : name
}

function changed (release: string, known: KnownHash, other: KnownHash): AppError {
  const of = differing(known, other)
  return refusal('RELEASE_CHANGED', `${release} is not what it was: ${other.name} says ${short(other[of])}, ${known.name} has ${short(known[of])}`, ['somebody put another archive under the name of this release: install nothing before you know why', 'if you know better, take its entry out of releases.lock.json'])
}

function disagreement (release: string, a: Claim, b: Claim): AppError {
  const of = differing(a, b)
  return refusal('ORIGINS_DISAGREE', `${a.origin} and ${b.origin} say different hashes of ${release}: ${short(a[of])} and ${short(b[of])}`, ['one of them is wrong, or lies: install nothing before you know which', 'to ask only one: IPFSUP_ORIGINS=<url>'])
}

function alone ({ release, originCount }: TrustInput, proven: readonly Claim[]): AppError {
  const [first] = proven as [Claim]
  const who = proven.length === 1 ? `${first.origin} alone says` : `${proven.map(({ origin }) => origin).join(' and ')}, whose answers come from one place, say`
  return refusal('ORIGIN_ALONE', `${who} what the hash of ${release} is; with ${originCount} origins configured two must say the same`, ['the others may have it later, or be out of reach now: try again', `to believe it alone: --trust-origin ${first.origin}`])
}

const refusal = (code: string, message: string, hints: readonly string[]): AppError => new AppError(code, message, { exit: 'refused', hints })
