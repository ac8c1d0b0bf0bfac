import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { LockedHash } from '../../src/domain/home-state.ts'
import type { Claim } from '../../src/domain/origin.ts'
import { decideTrust, type TrustInput } from '../../src/domain/trust.ts'

const SUM = 'aa'.repeat(64)
const OTHER_SUM = 'bb'.repeat(64)
const CID = `bafybei${'a'.repeat(52)}`
const OTHER_CID = `bafybei${'b'.repeat(52)}`
const CID_V0 = `Qm${'a'.repeat(44)}`

const claim = (name: string, hashes: { readonly sha512?: string | undefined, readonly cid?: string | undefined } = { sha512: SUM, cid: CID }, rest: Partial<Claim> = {}): Claim => ({
  origin: `https://${name}`, transport: 'https', host: `${name}:443`, proof: 'https', fileName: 'kubo.tar.gz', link: '', sha512: hashes.sha512, cid: hashes.cid, ...rest,
})
const dist = claim('dist.test')
const github = claim('github.test', { sha512: SUM })
const dnslink = claim('dist.test', undefined, { origin: '/ipns/dist.test', transport: 'ipfs', host: 'dist.test', proof: 'dnslink' })
const elsewhere = { ...dnslink, origin: '/ipns/other.test', host: 'other.test' }
const pinned: Claim = { ...dnslink, origin: '/ipfs/bafyroot', host: 'bafyroot', proof: 'pinned' }
const lock = (sha512 = SUM, cid: string | undefined = CID): LockedHash => ({ sha512, cid, seenMs: Date.UTC(2026, 0, 2, 3) })

/** What is believed and why, or the code. */
function decide (input: Partial<TrustInput>): string {
  try {
    const { sha512, cid, because } = decideTrust({ release: 'go-v0.43.0', claims: [], locked: undefined, shipped: undefined, originCount: 2, trusted: [], ...input })
    return `${sha512?.slice(0, 2) ?? '-'} ${cid?.slice(-1) ?? '-'}: ${because}`
  } catch (e) {
    if (!isAppError(e) || e.exit !== 'refused') throw e
    return e.code
  }
}

describe('what is known decides alone', () => {
  test.each<[string, Partial<TrustInput>, string]>([
    ['the lock file, also against nobody', { locked: lock() }, 'aa a: it is known here since 2026-01-02'],
    ['the lock file, with one origin out of two', { locked: lock(), claims: [dist] }, 'aa a: it is known here since 2026-01-02'],
    ['the lock file, with DNSLink alone', { locked: lock(), claims: [dnslink] }, 'aa a: it is known here since 2026-01-02'],
    ['the lock file, with a claim that has no hash', { locked: lock(), claims: [claim('x.test', {})] }, 'aa a: it is known here since 2026-01-02'],
    ['the lock file, with a claim of the same hash and a CID of the other version', { locked: lock(), claims: [claim('x.test', { sha512: SUM, cid: CID_V0 })] }, 'aa a: it is known here since 2026-01-02'],
    ['a lock entry without a CID', { locked: { ...lock(), cid: undefined }, claims: [dist] }, 'aa -: it is known here since 2026-01-02'],
    ['the shipped list', { shipped: lock(), claims: [dnslink] }, 'aa a: ipfsup knows it'],
    ['the lock file before the shipped list', { locked: lock(), shipped: lock() }, 'aa a: it is known here since 2026-01-02'],
    ['a pinned root', { claims: [pinned] }, 'aa a: the pinned root bafyroot has it'],
    ['a pinned root, with an origin', { claims: [dist, pinned] }, 'aa a: the pinned root bafyroot has it'],
  ])('%s', (_what, input, verdict) => { expect(decide(input)).toBe(verdict) })

  test.each<[string, Partial<TrustInput>]>([
    ['a claim against the lock file', { locked: lock(OTHER_SUM), claims: [dist, github] }],
    ['one of two against the lock file', { locked: lock(), claims: [dist, claim('evil.test', { sha512: OTHER_SUM })] }],
    ['a claim of a CID alone against the lock file', { locked: lock(), claims: [claim('x.test', { cid: OTHER_CID })] }],
    ['right hash and wrong CID', { locked: lock(), claims: [claim('x.test', { sha512: SUM, cid: OTHER_CID })] }],
    ['a trusted origin against the lock file', { locked: lock(OTHER_SUM), claims: [dist], trusted: [dist.origin] }],
    ['the only origin against the lock file', { locked: lock(OTHER_SUM), claims: [dist], originCount: 1 }],
    ['the shipped list against the lock file', { locked: lock(), shipped: lock(OTHER_SUM) }],
    ['a pinned root against the lock file', { locked: lock(OTHER_SUM), claims: [pinned] }],
    ['a claim against the shipped list', { shipped: lock(OTHER_SUM), claims: [dist, github] }],
    ['a claim against a pinned root', { claims: [pinned, claim('x.test', { sha512: OTHER_SUM })] }],
  ])('%s: RELEASE_CHANGED', (_what, input) => { expect(decide(input)).toBe('RELEASE_CHANGED') })
})

describe('where nothing is known', () => {
  test.each<[string, Partial<TrustInput>, string]>([
    ['two origins that say the same', { claims: [dist, github] }, 'aa a: https://dist.test and https://github.test say the same'],
    ['two that say the same CID and no hash', { claims: [claim('a.test', { cid: CID }), claim('b.test', { cid: CID })] }, '- a: https://a.test and https://b.test say the same'],
    ['an origin and a DNSLink of somebody else', { claims: [dist, elsewhere] }, 'aa a: https://dist.test and /ipns/other.test say the same'],
    ['two of three that answer', { claims: [dist, github], originCount: 3 }, 'aa a: https://dist.test and https://github.test say the same'],
    ['two ports of this machine', { claims: [claim('a', undefined, { host: '127.0.0.1:1' }), claim('b', undefined, { host: '127.0.0.1:2' })] }, 'aa a: https://a and https://b say the same'],
    ['the only one that is configured', { claims: [dist], originCount: 1 }, 'aa a: https://dist.test is the only origin that is configured'],
    ['the only one, without a CID', { claims: [github], originCount: 1 }, 'aa -: https://github.test is the only origin that is configured'],
    ['the only one, with DNSLink', { claims: [dnslink, dist], originCount: 1 }, 'aa a: https://dist.test is the only origin that is configured'],
    ['one that is trusted', { claims: [dist], trusted: ['https://dist.test'] }, 'aa a: https://dist.test is trusted by name'],
    ['two and one without any hash', { claims: [claim('x.test', {}), dist, github] }, 'aa a: https://dist.test and https://github.test say the same'],

    ['nobody', { claims: [] }, 'HASH_MISSING'],
    ['one without any hash', { claims: [claim('x.test', {})], originCount: 1 }, 'HASH_MISSING'],
    ['one without any hash that is trusted', { claims: [claim('x.test', {})], trusted: ['https://x.test'] }, 'HASH_MISSING'],
    ['DNSLink alone', { claims: [dnslink] }, 'HASH_UNPROVEN'],
    ['DNSLink alone, with one origin that is out of reach', { claims: [dnslink], originCount: 1 }, 'HASH_UNPROVEN'],
    ['DNSLink alone, trusted by name', { claims: [dnslink], trusted: ['/ipns/dist.test'] }, 'HASH_UNPROVEN'],
    ['two DNSLinks', { claims: [dnslink, elsewhere] }, 'HASH_UNPROVEN'],
    ['DNSLink and an origin without a hash', { claims: [dnslink, claim('x.test', {})] }, 'HASH_UNPROVEN'],
    ['one of two', { claims: [dist] }, 'ORIGIN_ALONE'],
    ['one of two, where another is trusted', { claims: [dist], trusted: ['https://github.test'] }, 'ORIGIN_ALONE'],
    ['one, and its own DNSLink', { claims: [dist, dnslink] }, 'ORIGIN_ALONE'],
    ['one, and one without a hash', { claims: [dist, claim('x.test', {})] }, 'ORIGIN_ALONE'],
    ['a hash here, a CID there', { claims: [claim('a.test', { sha512: SUM }), claim('b.test', { cid: CID })] }, 'ORIGIN_ALONE'],
    ['two CIDs that cannot be compared', { claims: [claim('a.test', { cid: CID_V0 }), claim('b.test', { cid: CID })] }, 'ORIGIN_ALONE'],
    ['two names whose answers come from one host', { claims: [dist, claim('mirror.test', undefined, { host: 'dist.test:443', redirectedBy: ['mirror.test:443'] })] }, 'ORIGIN_ALONE'],
    ['two ports of one host', { claims: [dist, claim('mirror.test', undefined, { host: 'dist.test:8443' })] }, 'ORIGIN_ALONE'],
    ['one that led the other', { claims: [claim('a.test', undefined, { host: 'x.test:443', redirectedBy: ['a.test:443'] }), claim('b.test', undefined, { host: 'y.test:443', redirectedBy: ['a.test:443', 'b.test:443'] })] }, 'ORIGIN_ALONE'],
    ['two that say different hashes', { claims: [dist, claim('evil.test', { sha512: OTHER_SUM })] }, 'ORIGINS_DISAGREE'],
    ['two that say one hash and different CIDs', { claims: [dist, claim('evil.test', { sha512: SUM, cid: OTHER_CID })] }, 'ORIGINS_DISAGREE'],
    ['two against a third', { claims: [dist, github, claim('evil.test', { cid: OTHER_CID })], originCount: 3 }, 'ORIGINS_DISAGREE'],
    ['DNSLink against an origin', { claims: [{ ...dnslink, sha512: OTHER_SUM }, dist] }, 'ORIGINS_DISAGREE'],
    ['another against a trusted one', { claims: [dist, claim('evil.test', { sha512: OTHER_SUM })], trusted: ['https://dist.test'] }, 'ORIGINS_DISAGREE'],
    ['another against the only one', { claims: [dist, { ...dnslink, sha512: OTHER_SUM }], originCount: 1 }, 'ORIGINS_DISAGREE'],
  ])('%s', (_what, input, verdict) => { expect(decide(input)).toBe(verdict) })
})

const said = (input: Partial<TrustInput>): { readonly message: string, readonly hints: readonly string[] } => {
  try { decideTrust({ release: 'go-v0.43.0', claims: [], locked: undefined, shipped: undefined, originCount: 2, trusted: [], ...input }) } catch (e) { return e as never }
  throw new Error('it was believed')
}

test('refusals name who says what, and what to do', () => {
  expect(said({ claims: [dist] })).toMatchObject({
    message: 'https://dist.test alone says what the hash of go-v0.43.0 is; with 2 origins configured two must say the same',
    hints: expect.arrayContaining(['to believe it alone: --trust-origin https://dist.test']),
  })
  expect(said({ claims: [dist, claim('evil.test', { sha512: OTHER_SUM })] }).message).toBe('https://dist.test and https://evil.test say different hashes of go-v0.43.0: aaaaaaaaaaaa…aaaaaaaa and bbbbbbbbbbbb…bbbbbbbb')
  expect(said({ locked: lock(OTHER_SUM), claims: [dist] }).message).toBe('go-v0.43.0 is not what it was: https://dist.test says aaaaaaaaaaaa…aaaaaaaa, the lock file has bbbbbbbbbbbb…bbbbbbbb')
  expect(said({ claims: [dnslink] }).hints).toContain('or pin the root of the dist that you trust: IPFSUP_DIST_CID=<cid>')
})

test('whatever strangers claim: it is refused, or somebody other than a stranger has said that hash', () => {
  const hashes = fc.record({ sha512: fc.constantFrom(SUM, OTHER_SUM, undefined), cid: fc.constantFrom(CID, OTHER_CID, CID_V0, undefined) })
  const stranger = fc.tuple(hashes, fc.constantFrom(443, 8443), fc.boolean()).map(([hash, port, isDns]) =>
    claim('stranger.test', hash, isDns ? { proof: 'dnslink', host: 'stranger.test', origin: '/ipns/stranger.test' } : { host: `stranger.test:${port}` }))
  fc.assert(fc.property(fc.array(stranger, { maxLength: 4 }), fc.option(hashes, { nil: undefined }), fc.constantFrom(2, 3), (others, own, originCount) => {
    const honest = own === undefined ? [] : [claim('honest.test', own)]
    const verdict = decide({ claims: [...others, ...honest], originCount })
    if (verdict.includes(':')) expect([own?.sha512?.slice(0, 2), own?.cid?.slice(-1)].some(each => each !== undefined && verdict.slice(0, 4).includes(each))).toBe(true)
  }))
})
