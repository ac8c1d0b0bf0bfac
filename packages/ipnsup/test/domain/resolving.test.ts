import { describe, expect, test } from '@jest/globals'
import { FIRST_LOOKUP_MS, LOOKUP_MS, MAX_HOPS, MAX_UNASKED_MS } from '../../src/domain/limits.ts'
import type { End } from '../memory-exchange.ts'
import { A, B, C, codeOf, HOUR_MS, nameHome, nameOf, never, question, recordOf, settle, START_MS, type NameHome } from '../name-world.ts'

const name = nameOf(2)
const TTL_MS = 300_000

/** Somebody who gives these bytes, whatever is asked. */
const source = (label: string, ask: End['ask']): End => ({ label, ask, put: async () => {} })
const giving = (label: string, ...records: Array<{ bytes: Uint8Array, name: { text: string } }>): End => source(label, async n => records.find(r => r.name.text === n.text)?.bytes)
const offline = (target = name.text, fields = {}): Parameters<NameHome['service']['resolve']>[0] => question(target, { offline: true, ...fields })

test('what a source gives is answered, remembered, and answered again without it', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('friend', recordOf(2)))
  expect(await home.service.resolve(question(name.text), never)).toEqual({
    name: name.text, value: A, sequence: '0', validUntil: '2026-03-01T01:00:00.000000000Z', ttlNs: '300000000000', expired: false, expiredForMs: null, source: 'friend', fork: false,
    values: [A], hops: [{ name: name.text, value: A, expired: false, source: 'friend' }], failures: [], clock: 'ok',
  })
  home.exchange.remove('friend')
  expect(await home.service.resolve(offline(), never)).toMatchObject({ value: A, source: 'local' })
})

test('within its TTL nobody is asked; after it, once more', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('friend', recordOf(2)))
  await home.service.resolve(question(name.text), never)
  home.clock.advance(TTL_MS - 1)
  await home.service.resolve(question(name.text), never)
  expect(home.exchange.asked).toBe(1)
  home.clock.advance(1)
  expect(await home.service.resolve(question(name.text), never)).toMatchObject({ source: 'local' })
  await home.service.resolve(question(name.text), never)
  expect(home.exchange.asked).toBe(2)
  await home.service.resolve(question(name.text, { from: [['friend']] }), never)
  expect(home.exchange.asked).toBe(3)
})

describe('what others push keeps nobody from being asked', () => {
  const newer = recordOf(2, { sequence: 1n, value: B, untilMs: START_MS + 99 * HOUR_MS })

  test('an old record of a name that was never asked for', async () => {
    await using home = await nameHome()
    await home.service.desk.offer(name, recordOf(2).bytes, 'stranger')
    home.exchange.add(giving('friend', newer))
    expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: B, sequence: '1', source: 'friend' })
  })

  test('the known record, again and again', async () => {
    await using home = await nameHome()
    const old = recordOf(2, { ttlNs: 2n * 3600_000_000_000n, untilMs: START_MS + 99 * HOUR_MS })
    home.exchange.add(giving('friend', old))
    await home.service.resolve(question(name.text), never)
    home.exchange.remove('friend')
    home.exchange.add(giving('friend', newer))
    for (let hour = 0; hour < 2; hour++) {
      home.clock.advance(HOUR_MS)
      await home.service.desk.offer(name, old.bytes, 'stranger')
    }
    expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: B, sequence: '1', source: 'friend' })
  })
})

test('that one was asked by name keeps the others from nothing', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('behind', recordOf(2)))
  await home.service.resolve(question(name.text, { from: [['behind']] }), never)
  home.exchange.add(giving('friend', recordOf(2, { sequence: 1n, value: B })))
  expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: B, source: 'friend' })
})

test('a TTL of centuries keeps nobody from being asked for longer than a day', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('friend', recordOf(2, { ttlNs: 2n ** 64n - 1n, untilMs: START_MS + 99 * HOUR_MS })))
  await home.service.resolve(question(name.text), never)
  home.clock.advance(MAX_UNASKED_MS - 1)
  await home.service.resolve(question(name.text), never)
  expect(home.exchange.asked).toBe(1)
  home.clock.advance(1)
  await home.service.resolve(question(name.text), never)
  expect(home.exchange.asked).toBe(2)
})

test('the best of all answers holds, whatever the order', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('old', recordOf(2)))
  home.exchange.add(giving('new', recordOf(2, { sequence: 3n, value: B })))
  home.exchange.add(giving('older', recordOf(2, { sequence: 1n, value: C })))
  expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: B, sequence: '3', source: 'new' })
})

test('a lower sequence is never answered, even a valid one', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('new', recordOf(2, { sequence: 3n, value: B, untilMs: START_MS + 1000 })))
  await home.service.resolve(question(name.text), never)
  home.exchange.remove('new')
  home.exchange.add(giving('old', recordOf(2, { untilMs: START_MS + 99 * HOUR_MS })))
  home.clock.advance(HOUR_MS)
  expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: B, sequence: '3', expired: true, source: 'local' })
})

test('only those named are asked', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('a', recordOf(2)))
  home.exchange.add(giving('b', recordOf(2, { sequence: 1n, value: B })))
  expect(await home.service.resolve(question(name.text, { from: [['a']] }), never)).toMatchObject({ value: A, source: 'a' })
  expect(await codeOf(home.service.resolve(question(name.text, { from: [['nobody']] }), never))).toBe('ADDRESS_INVALID')
})

test('why those named gave nothing is told where nothing is known', async () => {
  await using home = await nameHome()
  home.exchange.add(source('broken', async () => { throw new Error('gone') }))
  await expect(home.service.resolve(question(name.text, { from: [['broken']] }), never)).rejects.toMatchObject({ code: 'NAME_NOT_FOUND', hints: ['broken gave none: gone', expect.stringContaining('import')] })
  await expect(home.service.resolve(question(name.text), never)).rejects.toMatchObject({ hints: [expect.stringContaining('import')] })
})

test('bad answers are told, and do not keep a good one away', async () => {
  await using home = await nameHome()
  const forged = Uint8Array.from(recordOf(2).bytes)
  forged[10]! ^= 1
  home.exchange.add(source('forger', async () => forged))
  home.exchange.add(source('broken', async () => { throw Object.assign(new Error('gone'), { code: 'PEER_UNREACHABLE' }) }))
  home.exchange.add(giving('friend', recordOf(2)))
  const { value, failures } = await home.service.resolve(question(name.text), never)
  expect([value, failures.map(f => [f.place, f.error.code])]).toEqual([A, [['broken', 'PEER_UNREACHABLE'], ['forger', 'RECORD_SIGNATURE_INVALID']]])
})

test('a source that never answers is waited for a little when something is known, longer when nothing is', async () => {
  await using home = await nameHome()
  home.exchange.add(source('slow', async () => await new Promise<undefined>(() => {})))
  const first = home.service.resolve(question(name.text), never)
  await settle()
  home.clock.advance(LOOKUP_MS)
  await settle()
  home.clock.advance(FIRST_LOOKUP_MS - LOOKUP_MS - 1)
  await settle()
  expect(await Promise.race([codeOf(first), Promise.resolve('waits')])).toBe('waits')
  home.clock.advance(1)
  expect(await codeOf(first)).toBe('NAME_NOT_FOUND')

  await home.service.importRecord({ name: name.text, record: recordOf(2).bytes, acceptUnknownExpired: false })
  home.clock.advance(TTL_MS)
  const second = home.service.resolve(question(name.text), never)
  await settle()
  home.clock.advance(LOOKUP_MS)
  expect(await second).toMatchObject({ value: A, failures: [{ place: 'slow', error: { code: 'TIMED_OUT' } }] })
})

test('an answer that comes late is not waited for once another is there', async () => {
  await using home = await nameHome()
  home.exchange.add(source('slow', async () => await new Promise<undefined>(() => {})))
  home.exchange.add(giving('friend', recordOf(2)))
  const found = home.service.resolve(question(name.text), never)
  await settle()
  home.clock.advance(LOOKUP_MS)
  expect(await found).toMatchObject({ value: A, source: 'friend' })
})

test('leaving ends the asking', async () => {
  await using home = await nameHome()
  let aborted = false
  home.exchange.add(source('slow', async (_name, signal) => await new Promise<undefined>(() => { signal.addEventListener('abort', () => { aborted = true }) })))
  const leave = new AbortController()
  const found = home.service.resolve(question(name.text), leave.signal)
  await settle()
  leave.abort(new Error('left'))
  await expect(found).rejects.toThrow('left')
  expect(aborted).toBe(true)
})

describe('expired', () => {
  async function expiredHome (): Promise<NameHome> {
    const home = await nameHome()
    await home.service.importRecord({ name: name.text, record: recordOf(2).bytes, acceptUnknownExpired: false })
    home.clock.advance(3 * HOUR_MS)
    return home
  }

  test('but known: answered, with its age', async () => {
    await using home = await expiredHome()
    expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: A, expired: true, expiredForMs: 2 * HOUR_MS, source: 'local' })
  })

  test.each([[0, 'RECORD_EXPIRED'], [2 * HOUR_MS - 1, 'RECORD_EXPIRED'], [2 * HOUR_MS, 'ok'], [null, 'ok']])('with a longest age of %p: %s', async (maxStaleMs, expected) => {
    await using home = await expiredHome()
    expect(await codeOf(home.service.resolve(offline(name.text, { maxStaleMs }), never))).toBe(expected)
  })

  test('and never seen: refused unless it is accepted, and then it is remembered', async () => {
    await using home = await nameHome()
    home.exchange.add(giving('friend', recordOf(2, { untilMs: START_MS - 1 })))
    expect(await codeOf(home.service.resolve(question(name.text), never))).toBe('RECORD_EXPIRED')
    expect(await codeOf(home.service.resolve(offline(), never))).toBe('NAME_NOT_FOUND')
    expect(await home.service.resolve(question(name.text, { acceptUnknownExpired: true }), never)).toMatchObject({ value: A, expired: true, source: 'friend' })
    expect(await home.service.resolve(offline(), never)).toMatchObject({ value: A, expired: true })
  })

  test('a fresh first record is taken beside an expired one', async () => {
    await using home = await nameHome()
    home.exchange.add(giving('old', recordOf(2, { sequence: 9n, untilMs: START_MS - 1 })))
    home.exchange.add(giving('new', recordOf(2, { sequence: 10n, value: B })))
    expect(await home.service.resolve(question(name.text), never)).toMatchObject({ value: B, expired: false })
  })
})

describe('through names', () => {
  /** Name 2 leads to 3, and so on, until `last` leads to `end`. */
  async function chain (home: NameHome, last: number, end: string, rest = ''): Promise<void> {
    for (let n = 2; n <= last; n++) {
      const value = n === last ? end : `/ipns/${nameOf(n + 1).text}${rest}`
      await home.service.importRecord({ name: nameOf(n).text, record: recordOf(n, { value, ...n === 3 ? { untilMs: START_MS + 2 * HOUR_MS } : {} }).bytes, acceptUnknownExpired: false })
    }
  }

  test('to the end, with the paths behind them', async () => {
    await using home = await nameHome()
    await chain(home, 4, `${A}/end`, '/x/y')
    const { value, hops } = await home.service.resolve(offline(), never)
    expect([value, hops.map(h => h.name)]).toEqual([`${A}/end/x/y/x/y`, [2, 3, 4].map(n => nameOf(n).text)])
    expect((await home.service.resolve(offline(name.text, { recurse: false }), never)).value).toBe(`/ipns/${nameOf(3).text}/x/y`)
  })

  test(`${MAX_HOPS} of them, and no more`, async () => {
    await using home = await nameHome()
    await chain(home, MAX_HOPS + 2, A)
    expect((await home.service.resolve(offline(nameOf(3).text), never)).hops.length).toBe(MAX_HOPS)
    expect(await codeOf(home.service.resolve(offline(), never))).toBe('TOO_MANY_HOPS')
  })

  test('never in a circle', async () => {
    await using home = await nameHome()
    await chain(home, 4, `/ipns/${nameOf(3).text}`)
    expect(await codeOf(home.service.resolve(offline(), never))).toBe('NAME_LOOP')
    await chain(home, 2, `/ipns/${name.text}`)
    expect(await codeOf(home.service.resolve(offline(), never))).toBe('NAME_LOOP')
  })

  test('one that has expired makes the answer expired, and its age counts', async () => {
    await using home = await nameHome()
    await chain(home, 4, A)
    home.clock.advance(HOUR_MS + 1)
    expect(await home.service.resolve(offline(), never)).toMatchObject({ expired: true, expiredForMs: 1, hops: [{ expired: true }, { expired: false }, { expired: true }] })
    expect(await codeOf(home.service.resolve(offline(nameOf(3).text, { maxStaleMs: 0 }), never))).toBe('RECORD_EXPIRED')
  })

  test('a fork on the way is told', async () => {
    await using home = await nameHome()
    await chain(home, 3, A)
    await home.service.importRecord({ name: nameOf(3).text, record: recordOf(3, { value: B }).bytes, acceptUnknownExpired: false })
    expect(await home.service.resolve(offline(), never)).toMatchObject({ value: A, fork: true, values: [A, B] })
  })
})

describe('DNSLink', () => {
  test('answers from DNS, and is remembered for when there is none', async () => {
    await using home = await nameHome()
    home.txt!.set('_dnslink.docs.example.org', ['v=spf1', `dnslink=${A}/docs`])
    expect(await home.service.resolve(question('docs.Example.org.'), never)).toEqual({
      name: 'docs.example.org', value: `${A}/docs`, sequence: null, validUntil: null, ttlNs: null, expired: false, expiredForMs: null, source: 'dns', fork: false,
      values: [`${A}/docs`], hops: [{ name: 'docs.example.org', value: `${A}/docs`, expired: false, source: 'dns' }], failures: [], clock: 'ok',
    })
    home.clock.advance(HOUR_MS)
    home.txt = undefined
    for (const asked of [question('docs.example.org'), offline('/ipns/docs.example.org')]) {
      expect(await home.service.resolve(asked, never)).toMatchObject({ value: `${A}/docs`, expired: true, expiredForMs: HOUR_MS, source: 'local' })
    }
    expect(await codeOf(home.service.resolve(question('docs.example.org', { maxStaleMs: 0 }), never))).toBe('RECORD_EXPIRED')
    expect(await home.service.forget('docs.example.org')).toEqual({ name: 'docs.example.org', forgotten: true })
    expect(await codeOf(home.service.resolve(question('docs.example.org'), never))).toBe('DNSLINK_UNREACHABLE')
  })

  test('leads to names, and names to it', async () => {
    await using home = await nameHome()
    home.txt!.set('example.org', [`dnslink=/ipns/${name.text}/a`])
    await home.service.importRecord({ name: name.text, record: recordOf(2, { value: '/ipns/other.example/b' }).bytes, acceptUnknownExpired: false })
    home.txt!.set('_dnslink.other.example', [`dnslink=${A}`])
    expect((await home.service.resolve(question('example.org'), never)).value).toBe(`${A}/b/a`)
    home.txt!.set('_dnslink.other.example', ['dnslink=/ipns/example.org'])
    expect(await codeOf(home.service.resolve(question('example.org'), never))).toBe('NAME_LOOP')
  })

  test.each<[string, string[], string]>([
    ['none', [], 'DNSLINK_NOT_FOUND'],
    ['nothing for us', ['dnslink=https://example.org', 'dnslink=/ipfs/', 'dnslink', 'xdnslink=/ipfs/a'], 'DNSLINK_NOT_FOUND'],
    ['several', [`dnslink=${C}`, `dnslink=${B}`], B],
    ['spaces around', [` dnslink=${B} `], B],
  ])('with %s', async (_name, texts, expected) => {
    await using home = await nameHome()
    home.txt!.set('_dnslink.example.org', texts)
    expect(await home.service.resolve(question('example.org'), never).then(r => r.value, (e: unknown) => (e as { code: string }).code)).toBe(expected)
  })

  test.each(['a..b', '-a.b', 'ä.de', `${'a'.repeat(64)}.de`, `${'a.'.repeat(130)}de`, 'localhost', 'a.b/c', ''])('is no name: %j', async target => {
    await using home = await nameHome()
    expect(await codeOf(home.service.resolve(question(target), never))).toBe('NAME_INVALID')
  })
})

test.each([['set-back', 'set-back'], ['jumped-forward', 'jumped-forward'], ['ok', 'ok']] as const)('what the node says of its clock is passed on: %s', async (state, expected) => {
  await using home = await nameHome()
  await home.service.importRecord({ name: name.text, record: recordOf(2).bytes, acceptUnknownExpired: false })
  home.clockState = state
  expect((await home.service.resolve(offline(), never)).clock).toBe(expected)
})

test('a damaged memory is said, and is not taken for none', async () => {
  await using home = await nameHome()
  home.exchange.add(giving('friend', recordOf(2)))
  await home.store.put(`memory/${name.text}`, Uint8Array.of(1))
  expect(await codeOf(home.service.resolve(question(name.text), never))).toBe('NAME_MEMORY_DAMAGED')
  await home.service.forget(name.text)
  expect((await home.service.resolve(question(name.text), never)).value).toBe(A)
})
