import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { systemClock } from '@ipkit/core/time/clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { DnsLinks } from '../../src/domain/dns-links.ts'
import { MAX_PATH_CHARACTERS } from '../../src/domain/limits.ts'

const DOMAIN = 'example.com'
const never = new AbortController().signal
const noDns = async (): Promise<never> => { throw new AppError('DNS_UNREACHABLE', 'no DNS', { exit: 'unreachable' }) }

test.each([
  ['no CBOR', Uint8Array.of(0xff)],
  ['a text', encodeStrict('/ipfs/bafkqaaa')],
  ['another version', encodeStrict({ version: 2, value: '/ipfs/bafkqaaa', atMs: 1 })],
])('an answer that is remembered as %s is refused until it is resolved with DNS or forgotten', async (_what, stored) => {
  const store = memoryKeyValueStore()
  await store.put(DOMAIN, stored)
  const links = new DnsLinks({ store, resolveTxt: noDns, clock: systemClock })
  for (const offline of [true, false]) await expect(links.resolve(DOMAIN, { offline }, never)).rejects.toMatchObject({ code: 'DNSLINK_DAMAGED', exit: 'refused' })
  const connected = new DnsLinks({ store, resolveTxt: async () => ['dnslink=/ipfs/bafkqaaa'], clock: systemClock })
  expect((await connected.resolve(DOMAIN, { offline: false }, never)).value).toBe('/ipfs/bafkqaaa')
  expect((await links.resolve(DOMAIN, { offline: true }, never)).value).toBe('/ipfs/bafkqaaa')
  await store.put(DOMAIN, stored)
  expect(await links.forget(DOMAIN)).toBe(true)
  await expect(links.resolve(DOMAIN, { offline: true }, never)).rejects.toMatchObject({ code: 'DNSLINK_UNREACHABLE' })
})

test('a path over the limit counts for none', async () => {
  const longest = '/ipfs/bafkqaaa/'.padEnd(MAX_PATH_CHARACTERS, 'a')
  const resolve = async (...paths: readonly string[]): Promise<string> =>
    (await new DnsLinks({ store: memoryKeyValueStore(), resolveTxt: async () => paths.map(path => `dnslink=${path}`), clock: systemClock }).resolve(DOMAIN, { offline: false }, never)).value
  expect(await resolve(`${longest}a`, longest, '/ipns/example.net')).toBe(longest)
  await expect(resolve(`${longest}a`)).rejects.toMatchObject({ code: 'DNSLINK_NOT_FOUND' })
})
