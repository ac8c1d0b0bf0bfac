/** What a node could answer. */
import { validityAtMs } from '@ipkit/core/names/validity'
import { AppError } from '@ipkit/core/errors/app-error'
import type { NameItem, PlaceState, PublishResult, ResolveResult, SyncItem, WatchItem } from '../src/rpc.ts'
import type { Answers } from './fake-node.ts'
import { BLOG, BLOG_NAME, HOUR, keyItem, NOW, OTHER_VALUE, sampleRecord, SELF, SELF_NAME, VALUE } from './sample-names.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const ROUTER = 'https://router.example'
export const CONTACTS = [{ name: 'bob', peerId: PEER, addresses: ['/ip4/192.168.1.8/tcp/4101'] }]

const until = (ms: number): string => validityAtMs(ms).text
const said = { name: SELF_NAME.text, value: VALUE, sequence: '3', validUntil: until(NOW + 48 * HOUR), ttlNs: '300000000000' }
const done = (place: string): PlaceState => ({ place, state: 'done', error: null, lastTryAt: NOW - 1000 })
const waiting = (place: string): PlaceState => ({ place, state: 'waiting', error: { code: 'PEER_UNREACHABLE', message: 'the peer does not answer' }, lastTryAt: NOW - 60_000 })

export const published = (more: Partial<PublishResult> = {}): PublishResult => ({ ...said, state: 'local', places: [], healedFork: false, ...more })
export const atPlaces = published({ state: 'published', places: [done(PEER), waiting(ROUTER)] })

export const resolved = (more: Partial<ResolveResult> = {}): ResolveResult => ({
  ...said, expired: false, expiredForMs: null, source: 'local', fork: false, values: [VALUE], hops: [{ name: said.name, value: VALUE, expired: false, source: 'local' }], failures: [], clock: 'ok', ...more,
})
export const expired = resolved({ expired: true, expiredForMs: 50 * HOUR, validUntil: until(NOW - 50 * HOUR), hops: [{ name: said.name, value: VALUE, expired: true, source: 'local' }] })
export const forked = resolved({ fork: true, values: [VALUE, OTHER_VALUE], source: PEER })
export const viaDnslink = resolved({
  name: 'example.com', sequence: null, validUntil: null, ttlNs: null, expired: true, source: 'local', hops: [
    { name: 'example.com', value: `/ipns/${SELF_NAME.text}`, expired: false, source: 'dns' }, { name: SELF_NAME.text, value: VALUE, expired: true, source: 'local' },
  ],
})
export const unanswered = resolved({ failures: [{ place: ROUTER, error: { code: 'HTTP_FAILED', message: 'it answered 503' } }] })

export const nameItem = (more: Partial<NameItem> = {}): NameItem => ({
  ...said, key: null, followed: false, expired: false, state: null, places: [], values: [VALUE], moreBranches: false, firstSeenAt: NOW - 100 * HOUR, lastSeenAt: NOW - HOUR, nextRepublishAt: null, ...more,
})
export const awaited = nameItem({ followed: true, value: null, sequence: null, validUntil: null, ttlNs: null, values: [], firstSeenAt: null, lastSeenAt: null })
export const NAMES: readonly NameItem[] = [
  nameItem({ key: 'self', state: 'local', places: [waiting(ROUTER)], nextRepublishAt: NOW + 24 * HOUR }),
  nameItem({ name: BLOG_NAME.text, key: 'blog', state: 'published', places: [PEER, ROUTER, 'pubsub', 'lan-dht'].map(done), values: [VALUE, OTHER_VALUE], nextRepublishAt: NOW - 1 }),
  nameItem({ name: 'k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8', followed: true, nextRepublishAt: NOW + HOUR }),
  nameItem({ name: 'k2k4r8jz2btbelbgd1f85sdr02to9f3fdkzegu5ues6khiixwika9vmq', expired: true, validUntil: until(NOW - 30 * HOUR), moreBranches: true, values: [VALUE, OTHER_VALUE] }),
]

const synced = (more: Partial<SyncItem>): SyncItem => ({ place: PEER, name: SELF_NAME.text, handedOver: false, fetched: null, error: null, ...more })
export const SYNCED = [synced({ handedOver: true, fetched: 'same' }), synced({ name: BLOG_NAME.text, fetched: 'newer' })]
export const NOT_SYNCED = [synced({ place: ROUTER, name: null, error: { code: 'HTTP_FAILED', message: 'it answered 503' } })]

export const NOTHING_TO_SYNC = [synced({ place: ROUTER, name: null })]

const seen = (more: Partial<WatchItem>): WatchItem => ({ ...said, expired: false, fork: false, source: 'local', at: NOW, ...more })
export const WATCHED = [seen({ expired: true, validUntil: until(NOW - HOUR) }), seen({ sequence: '4', value: OTHER_VALUE, source: PEER, at: NOW + HOUR, fork: true })]

/** A node with the keys self and blog, which knows the record of self. */
export const NODE: Answers = {
  keys: () => [keyItem('self', SELF), keyItem('blog', BLOG)],
  keyNew: ({ key }) => keyItem(key, BLOG),
  keyImport: ({ key }) => keyItem(key, BLOG),
  keyExport: ({ key }) => ({ key, name: BLOG_NAME.text, seed: BLOG.exportSeed() }),
  keyRemove: ({ key }) => keyItem(key, BLOG),
  publish: () => published(),
  resolve: () => resolved(),
  record: ({ name }) => {
    if (name !== SELF_NAME.text) throw new AppError('NAME_UNKNOWN', `nothing is remembered of ${name}`, { exit: 'notFound' })
    return { record: sampleRecord(NOW + 48 * HOUR).bytes, expired: false }
  },
  importRecord: ({ name }) => ({ name, accepted: true, relation: 'first', reason: null }),
  names: () => NAMES,
  sync: () => SYNCED,
  follow: ({ name }) => ({ name, followed: true, known: false }),
  unfollow: ({ name }) => ({ name, followed: false, known: true }),
  forget: ({ name }) => ({ name, forgotten: true }),
  watch: () => WATCHED,
  serve: () => ({ urls: ['http://127.0.0.1:8080'] }),
  unserve: () => ({ served: true }),
}
