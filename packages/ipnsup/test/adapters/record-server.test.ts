import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { namePeerId } from '@ipkit/core/names/ipns-name'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { httpClient } from '../../src/adapters/http-client.ts'
import { openRecordServer, parseListen, type RecordServer } from '../../src/adapters/record-server.ts'
import { routerEnd } from '../../src/adapters/router-end.ts'
import { HTTP_MAX_CONNECTIONS_PER_ADDRESS } from '../../src/domain/wire-limits.ts'
import { hex } from '../hex.ts'
import { memoryDesk, type MemoryDesk } from '../memory-desk.ts'
import { BOB, HOUR_MS, NAME, NOW_MS, record } from '../records.ts'

const TYPE = 'application/vnd.ipfs.ipns-record'
const ROUTED = `/routing/v1/ipns/${NAME.text}`
const GATED = `/ipns/${NAME.text}?format=ipns-record`
const never = new AbortController().signal

let clock: ManualClock
let desk: MemoryDesk
let server: RecordServer
let reported: unknown[]

beforeEach(async () => {
  clock = new ManualClock(NOW_MS)
  desk = memoryDesk(clock, record())
  reported = []
  server = await openRecordServer({ desk, clock, report: e => { reported.push(e) } }, '127.0.0.1:0')
})
afterEach(async () => { await server[Symbol.asyncDispose]() })

interface Answer { readonly status: number, readonly headers: Readonly<Record<string, string | string[] | undefined>>, readonly body: Uint8Array }
interface Options { readonly method?: string, readonly headers?: Readonly<Record<string, string>>, readonly body?: Uint8Array }

async function ask (path: string, { method = 'GET', headers = {}, body }: Options = {}): Promise<Answer> {
  const port = Number(server.listening.split(':')[1])
  return await new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, response => {
      const parts: Uint8Array[] = []
      response.on('data', (part: Uint8Array) => { parts.push(part) }).on('error', reject)
        .on('end', () => { resolve({ status: response.statusCode!, headers: response.headers, body: Uint8Array.from(Buffer.concat(parts)) }) })
    }).on('error', reject).end(body)
  })
}
const statusOf = async (path: string, options?: Options): Promise<number> => (await ask(path, options)).status
const put = async (body: Uint8Array, path = ROUTED, headers: Readonly<Record<string, string>> = { 'content-type': TYPE }): Promise<Answer> => await ask(path, { method: 'PUT', headers, body })

describe('giving', () => {
  test('delegated routing: the record as it is', async () => {
    const answer = await ask(ROUTED, { headers: { accept: TYPE } })
    expect([answer.status, hex(answer.body), answer.headers['content-type'], answer.headers['content-length']]).toEqual([200, hex(record().bytes), TYPE, `${record().bytes.length}`])
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    expect(answer.headers).not.toHaveProperty('content-disposition')
  })

  test('a trustless gateway: the same as an attachment', async () => {
    for (const [path, accept] of [[GATED, undefined], [GATED, 'text/html'], [`/ipns/${NAME.text}`, TYPE], [`/ipns/${NAME.text}`, `text/html, ${TYPE};q=0.5`]] as const) {
      const answer = await ask(path, { headers: accept === undefined ? {} : { accept } })
      expect([path, accept, answer.status, hex(answer.body), answer.headers['content-disposition']]).toEqual([path, accept, 200, hex(record().bytes), `attachment; filename="${NAME.text}.ipns-record"`])
    }
  })

  test('to who types the address into a browser too', async () => {
    expect(await statusOf(GATED, { headers: { 'sec-fetch-site': 'none' } })).toBe(200)
  })

  test('any text form of the name will do', async () => {
    for (const text of [NAME.text, namePeerId(NAME), NAME.text.toUpperCase()]) expect(await statusOf(`/routing/v1/ipns/${text}`)).toBe(200)
  })

  test('HEAD says the same without the record', async () => {
    for (const path of [ROUTED, GATED]) {
      const [got, headed] = [await ask(path), await ask(path, { method: 'HEAD' })]
      const { date: _a, ...gotHeaders } = got.headers
      const { date: _b, ...headers } = headed.headers
      expect([headed.status, headers, headed.body.length]).toEqual([200, gotHeaders, 0])
    }
  })

  test.each<[string, Parameters<typeof record>[0], number, string, string]>([
    ['a TTL of 5 minutes', {}, NOW_MS, 'max-age=300, stale-while-revalidate=3300, stale-if-error=3300', '2026-03-01T13:00:00.000Z'],
    ['a TTL over what is left', { ttlNs: 86_400_000_000_000n }, NOW_MS, 'max-age=3600, stale-while-revalidate=0, stale-if-error=0', '2026-03-01T13:00:00.000Z'],
    ['a minute before the end', {}, NOW_MS + HOUR_MS - 60_000, 'max-age=60, stale-while-revalidate=0, stale-if-error=0', '2026-03-01T13:00:00.000Z'],
    ['a moment before the end', {}, NOW_MS + HOUR_MS - 1, 'max-age=0, stale-while-revalidate=0, stale-if-error=0', '2026-03-01T12:59:59.000Z'],
    ['no TTL', { ttlNs: 0n }, NOW_MS, 'max-age=60, stale-while-revalidate=3540, stale-if-error=3540', '2026-03-01T13:00:00.000Z'],
    ['the largest TTL', { ttlNs: 2n ** 64n - 1n }, NOW_MS, 'max-age=3600, stale-while-revalidate=0, stale-if-error=0', '2026-03-01T13:00:00.000Z'],
    ['half a second of TTL', { ttlNs: 500_000_000n }, NOW_MS, 'max-age=0, stale-while-revalidate=3600, stale-if-error=3600', '2026-03-01T13:00:00.000Z'],
  ])('caches keep it no longer than it is good: %s', async (_title, options, nowMs, expected, expires) => {
    desk.records.set(NAME.text, record(options))
    clock.set(nowMs)
    for (const path of [ROUTED, GATED]) {
      const { headers } = await ask(path)
      expect([headers['cache-control'], new Date(headers['expires'] as string).toISOString()]).toEqual([`public, ${expected}`, expires])
    }
  })

  test('who has it already is told so', async () => {
    const { etag } = (await ask(ROUTED)).headers as { etag: string }
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{43}"$/)
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(ROUTED, { headers: { 'if-none-match': tag } })
      expect([tag, again.status, again.body.length, again.headers['etag'], again.headers['cache-control']]).toEqual([tag, 304, 0, etag, expect.stringContaining('max-age=300')])
    }
    desk.records.set(NAME.text, record({ sequence: 2n }))
    expect(await statusOf(ROUTED, { headers: { 'if-none-match': etag } })).toBe(200)
  })

  test('an unknown and an expired name are not found, and nobody keeps that', async () => {
    const other = record({ key: BOB }).name.text
    for (const path of [`/routing/v1/ipns/${other}`, `/ipns/${other}?format=ipns-record`]) {
      const { status, headers } = await ask(path)
      expect([path, status, headers['cache-control']]).toEqual([path, 404, 'no-store'])
    }
    clock.set(NOW_MS + HOUR_MS)
    desk.lookup = async () => record().bytes // as if it ran out between the look and the answer
    expect([await statusOf(ROUTED), await statusOf(GATED)]).toEqual([404, 404])
  })

  test.each<[string, string, Options, number]>([
    ['a path to nothing', '/', {}, 404],
    ['a path of the gateway that is not served', '/ipfs/bafkqaaa?format=raw', {}, 404],
    ['a path behind a name', `/ipns/${NAME.text}/x?format=ipns-record`, {}, 404],
    ['another part of delegated routing', '/routing/v1/providers/bafkqaaa', {}, 400],
    ['a name that is none', '/routing/v1/ipns/bafkqaaa', {}, 400],
    ['a DNSLink name', '/ipns/docs.ipfs.tech?format=ipns-record', {}, 400],
    ['a name in bad escapes', '/routing/v1/ipns/%E0%A4', {}, 400],
    ['JSON from delegated routing', ROUTED, { headers: { accept: 'application/json' } }, 406],
    ['anything but records', ROUTED, { headers: { accept: `${TYPE};q=0` } }, 406],
    ['whatever there is', ROUTED, { headers: { accept: 'application/json, */*;q=0.1' } }, 200],
    ['blocks of the gateway', `/ipns/${NAME.text}?format=raw`, { headers: { accept: TYPE } }, 406],
    ['two formats', `${GATED}&format=car`, {}, 406],
    ['a page of the gateway', `/ipns/${NAME.text}`, { headers: { accept: 'text/html, */*' } }, 406],
    ['the gateway without saying what for', `/ipns/${NAME.text}`, {}, 400],
    ['a POST', ROUTED, { method: 'POST' }, 501],
    ['a preflight', ROUTED, { method: 'OPTIONS', headers: { origin: 'http://evil.test', 'access-control-request-method': 'PUT' } }, 501],
    ['a PUT to the gateway', GATED, { method: 'PUT', headers: { 'content-type': TYPE } }, 501],
    ['a name of somebody for this machine', ROUTED, { headers: { host: 'evil.test' } }, 421],
    ['a frame or picture of a page of another site, which sees whether it loads', GATED, { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a page on another port of this machine', ROUTED, { headers: { 'sec-fetch-site': 'same-site' } }, 403],
    ['localhost', ROUTED, { headers: { host: 'localhost:8080' } }, 200],
    ['an IPv6 host', ROUTED, { headers: { host: '[::1]:8080' } }, 200],
  ])('%s', async (_title, path, options, status) => {
    const answer = await ask(path, options)
    expect([answer.status, answer.headers['x-content-type-options'], answer.headers['access-control-allow-origin']]).toEqual([status, 'nosniff', undefined])
    expect(reported).toEqual([])
  })
})

describe('taking', () => {
  test('a newer record is kept, the same one and an older one are known: 200, and counted to the address', async () => {
    for (const sequence of [2n, 2n, 1n]) {
      const { status, body } = await put(record({ sequence }).bytes)
      expect([status, body.length]).toEqual([200, 0])
    }
    expect([desk.records.get(NAME.text)!.sequence, new Set(desk.offers.map(({ from }) => from))]).toEqual([2n, new Set(['127.0.0.1'])])
  })

  test.each<[string, Uint8Array, string, number, string]>([
    ['of another name', record({ key: BOB }).bytes, ROUTED, 400, 'RECORD_SIGNATURE_INVALID: not a record of this name\n'],
    ['that is empty', new Uint8Array(0), ROUTED, 400, 'RECORD_UNSIGNED: not a record of this name\n'],
    ['that has expired, of an unknown name', record({ key: BOB, untilMs: NOW_MS }).bytes, `/routing/v1/ipns/${record({ key: BOB }).name.text}`, 400, 'RECORD_EXPIRED: it has expired, and none of this name was known\n'],
    ['that is too large', new Uint8Array(10_241), ROUTED, 413, 'a record has 10240 bytes at most\n'],
  ])('a record %s is refused', async (_title, bytes, path, status, text) => {
    const answer = await put(bytes, path)
    expect([answer.status, Buffer.from(answer.body).toString(), desk.records.size, reported]).toEqual([status, text, 1, []])
  })

  test('a body that grows over the limit without a length is refused with an answer', async () => {
    const answer = await put(new Uint8Array(5_000_000), ROUTED, { 'content-type': TYPE, 'transfer-encoding': 'chunked' })
    expect([answer.status, answer.headers['connection'], desk.offers]).toEqual([413, 'close', []])
  })

  test('another content type is refused before it is read', async () => {
    for (const headers of [{}, { 'content-type': 'application/octet-stream' }]) expect((await put(record().bytes, ROUTED, headers)).status).toBe(406)
    expect((await put(record().bytes, ROUTED, { 'content-type': `${TYPE.toUpperCase()}; q=1` })).status).toBe(200)
    expect(desk.offers.length).toBe(1)
  })

  test('too many, and a full disk: the client learns no words of ours', async () => {
    desk.fault = new AppError('TOO_MANY_RECORDS', 'enough')
    const many = await put(record().bytes)
    expect([many.status, many.headers['retry-after'], reported]).toEqual([429, '60', []])
    desk.fault = new AppError('DISK_FULL', 'no space left on /home/alice')
    const full = await put(record().bytes)
    expect([full.status, Buffer.from(full.body).toString(), await statusOf(ROUTED), reported.length]).toEqual([500, 'the record could not be kept\n', 500, 2])
  })
})

describe('listening', () => {
  test('the client of this tool and the server understand each other', async () => {
    const end = routerEnd(httpClient({}), server.urls()[0]!)
    expect(hex((await end.ask(NAME, never))!)).toBe(hex(record().bytes))
    expect(await end.ask(record({ key: BOB }).name, never)).toBeUndefined()
    await end.put(NAME, record({ sequence: 7n }).bytes, never)
    expect(desk.records.get(NAME.text)!.sequence).toBe(7n)
    await expect(end.put(NAME, Uint8Array.of(1), never)).rejects.toMatchObject({ code: 'RECORD_REFUSED' })
  })

  test('it tells its address and its port, and the port is free again afterwards', async () => {
    expect([server.urls(), /^127\.0\.0\.1:[1-9]\d*$/.test(server.listening)]).toEqual([[`http://${server.listening}`], true])
    const deps = { desk, clock, report: () => {} }
    await expect(openRecordServer(deps, server.listening)).rejects.toMatchObject({ code: 'LISTEN_FAILED', exit: 'busy' })
    await server[Symbol.asyncDispose]()
    const again = await openRecordServer(deps, server.listening)
    expect(again.listening).toBe(server.listening)
    await again[Symbol.asyncDispose]()
    server = await openRecordServer(deps, '127.0.0.1:0')
  })

  test('closing does not wait for clients that say nothing', async () => {
    const socket = connect(Number(server.listening.split(':')[1]), '127.0.0.1')
    await once(socket, 'connect')
    socket.write('GET /ipns')
    const closed = new Promise<void>(resolve => { socket.on('error', () => {}).on('close', () => { resolve() }) })
    await server[Symbol.asyncDispose]()
    await closed
    server = await openRecordServer({ desk, clock, report: () => {} }, '127.0.0.1:0')
  })

  test.each([['192.168.1.7', HTTP_MAX_CONNECTIONS_PER_ADDRESS], ['127.0.0.1', HTTP_MAX_CONNECTIONS_PER_ADDRESS + 3]])('%s gets %i of so many connections at once, and more when those have ended', async (address, served) => {
    const limited = await openRecordServer({ desk, clock, report: () => {}, addressOf: () => address }, '127.0.0.1:0')
    const sockets: Socket[] = []
    /** @returns what the server says to a request on a new connection that stays; '' when it hangs up */
    const greet = async (): Promise<string> => {
      const socket = connect(Number(limited.listening.split(':')[1]), '127.0.0.1')
      sockets.push(socket)
      return await new Promise(resolve => { socket.on('data', data => { resolve(data.toString().slice(0, 12)) }).on('error', () => {}).on('close', () => { resolve('') }).write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n') })
    }
    const said: string[] = []
    for (let i = 0; i < HTTP_MAX_CONNECTIONS_PER_ADDRESS + 3; i++) said.push(await greet())
    expect([said.filter(text => text === 'HTTP/1.1 404').length, said.filter(text => text === '').length]).toEqual([served, said.length - served])
    for (const socket of sockets) socket.destroy()
    while (await greet() === '');
    for (const socket of sockets) socket.destroy()
    await limited[Symbol.asyncDispose]()
  })

  test.each([['127.0.0.1:8080', '127.0.0.1', 8080], ['[::1]:0', '::1', 0], ['0.0.0.0:80', '0.0.0.0', 80], ['[::]:65535', '::', 65535]])('%s', (text, ip, port) => { expect(parseListen(text)).toEqual({ ip, port }) })

  test.each(['', '8080', ':8080', 'localhost:8080', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:08', '::1:80', '[127.0.0.1]:80', '[::1%lo]:80', '256.0.0.1:80', '127.0.0.1:80/', 'http://127.0.0.1:80'])('%j is no address to listen on', text => {
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID', exit: 'usage' }))
  })
})
