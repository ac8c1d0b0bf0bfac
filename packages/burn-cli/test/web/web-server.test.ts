import http from 'node:http'
import net from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { encodeFrame } from '@ipkit/core/streams/frame'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { webServer, MAX_BODY_BYTES } from '../../src/adapters/web-server.ts'
import { MAX_STREAMS, MAX_STREAMS_PER_PEER, REQUEST_MS, TRANSFER_MS } from '../../src/domain/limits.ts'
import { streamNonces } from '../../src/domain/nonce.ts'
import { WEB_READER } from '../../src/domain/statement.ts'
import { serveBurn, type BurnServer } from '../../src/protocol.ts'
import { encodeRequest } from '../../src/wire.ts'
import { WebWorld, type AddedMessage } from './web-world.ts'

interface Reply { readonly status: number, readonly headers: http.IncomingHttpHeaders, readonly body: Buffer }

/** @param headers replace what our page would send; undefined leaves one out */
async function ask (port: number, method: string, path: string, headers: Record<string, string | string[] | undefined> = {}, body?: Uint8Array): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, agent: false, setHost: false }, response => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => { resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }) })
      response.on('error', reject)
    })
    request.on('error', reject)
    const all: Record<string, string | string[] | undefined> = { host: `127.0.0.1:${port}`, ...(method === 'POST' ? { origin: `http://127.0.0.1:${port}`, 'content-type': 'application/cbor' } : {}), ...headers }
    for (const [name, value] of Object.entries(all)) if (value !== undefined) request.setHeader(name, value)
    request.end(body)
  })
}

const HELLO = encodeFrame(encodeRequest({ type: 'hello', nonce: null }), 1024)

describe('on the node\'s listener', () => {
  let world: WebWorld
  let port: number
  let message: AddedMessage

  beforeAll(async () => {
    world = await WebWorld.start()
    await world.down()
    world.names = ['burn.example']
    await world.up()
    port = world.nodePort
    message = await world.add('waiting')
  })
  afterAll(async () => { await world.end() })
  afterEach(() => {
    expect(world.state(message)).toBe('unread')
    expect(world.reports).toEqual([])
  })

  test.each([
    ['an address', '127.0.0.1', 200], ['an address with a port', '127.0.0.1:4180', 200], ['IPv6', '[::1]:4180', 200], ['a configured name', 'burn.example', 200], ['in capitals', 'BURN.example:80', 200],
    ['another name', 'evil.example', 421], ['localhost', 'localhost', 421], ['a name that ends like ours', 'x.burn.example', 421], ['an address in another spelling', '0x7f.1', 421], ['an address as a label', '127.0.0.1.evil.example', 421], ['nothing', '', 421],
  ])('Host: %s', async (_what, host, status) => {
    expect((await ask(port, 'GET', '/burn/', { host })).status).toBe(status)
  })

  test.each([
    ['our own', undefined, 200],
    ['through a proxy that ends TLS', { host: 'burn.example', origin: 'https://burn.example' }, 200],
    ['the same with the port spelled out', { host: 'burn.example:443', origin: 'https://burn.example' }, 200],
    ['none', { origin: undefined }, 403],
    ['null', { origin: 'null' }, 403],
    ['another host', { origin: 'http://evil.example' }, 403],
    ['another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['another scheme', { origin: 'ftp://127.0.0.1' }, 403],
    ['our host as a user name', { host: 'burn.example', origin: 'http://burn.example@evil.example' }, 403],
    ['our host as the start of another', { host: 'burn.example', origin: 'http://burn.example.evil.example' }, 403],
    ['no host at all', { host: 'burn.example', origin: 'http://' }, 403],
    ['from a page that the browser calls cross-site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['from a page that the browser calls ours', { 'sec-fetch-site': 'same-origin' }, 200],
  ])('Origin: %s', async (_what, headers, status) => {
    expect((await ask(port, 'POST', '/burn/v1', headers, HELLO)).status).toBe(status)
  })

  test.each([
    ['application/cbor', 200], ['Application/CBOR', 200], ['text/plain', 415], ['application/cbor; charset=utf-8', 415], ['multipart/form-data', 415], ['application/x-www-form-urlencoded', 415], [undefined, 415],
  ])('Content-Type: %s', async (type, status) => {
    expect((await ask(port, 'POST', '/burn/v1', { 'content-type': type }, HELLO)).status).toBe(status)
  })

  test('a body over the limit is not read, announced or not', async () => {
    const large = new Uint8Array(MAX_BODY_BYTES + 1)
    expect((await ask(port, 'POST', '/burn/v1', { 'content-length': String(large.length) }, large)).status).toBe(413)
    const has = encodeFrame(encodeRequest({ type: 'has', cid: world.outbox.find(message.id)!.root }), 1024)
    const chunked = { 'transfer-encoding': 'chunked' }
    const fits = Buffer.concat(Array.from({ length: Math.floor(MAX_BODY_BYTES / has.length) }, () => has))
    expect((await ask(port, 'POST', '/burn/v1', chunked, fits)).status).toBe(200)
    await expect(ask(port, 'POST', '/burn/v1', chunked, Buffer.concat([fits, has]))).rejects.toThrow()
  })

  test.each([
    ['GET', '/burn/', 200], ['HEAD', '/burn/', 200], ['GET', '/burn/?utm_source=chat', 200], ['GET', '/burn', 308], ['POST', '/burn/', 405], ['OPTIONS', '/burn/v1', 405], ['GET', '/burn/v1', 405], ['HEAD', '/burn/v1', 405], ['PUT', '/burn/v1', 405],
    ['DELETE', '/burn/v1', 405], ['GET', '/burn/v2', 404], ['GET', '/burn/../etc/passwd', 404], ['GET', '/burn/page.json', 404], ['GET', '/', 404], ['GET', 'http://127.0.0.1/burn/', 404],
  ])('%s %s is %i, closed to other sites and never stored', async (method, path, status) => {
    const reply = await ask(port, method, path)
    expect(reply.status).toBe(status)
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' })
    expect(Object.keys(reply.headers).filter(name => name.startsWith('access-control'))).toEqual([])
    expect(reply.headers['set-cookie']).toBeUndefined()
    if (method === 'HEAD') expect(reply.body).toHaveLength(0)
  })

  test('the page comes with a policy that allows its own script and style and nothing else', async () => {
    const { headers, body } = await ask(port, 'GET', '/burn/')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'sha256-[^ ;]+'; style-src 'sha256-[^ ;]+'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$/)
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin', 'x-robots-tag': 'noindex, nofollow', 'content-type': 'text/html; charset=utf-8' })
    const html = body.toString()
    expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)[a-z]/) // nothing from elsewhere
    expect(html).not.toMatch(/ (src|style|on[a-z]+)=/)
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(Number((await ask(port, 'HEAD', '/burn/')).headers['content-length'])).toBe(body.length)
    const packed = await ask(port, 'GET', '/burn/', { 'accept-encoding': 'br, gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(packed.body.length).toBeLessThan(70_000)
    expect((await ask(port, 'GET', '/burn/', { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined()
  })

  test('whoever previews, scans or renders a link claims nothing', async () => {
    for (const agent of ['Slackbot-LinkExpanding 1.0', 'facebookexternalhit/1.1', 'WhatsApp/2.23', 'TelegramBot (like TwitterBot)', 'Mozilla/5.0 (compatible; Googlebot/2.1)', 'curl/8']) {
      for (const method of ['HEAD', 'GET']) expect((await ask(port, method, '/burn/', { 'user-agent': agent, range: 'bytes=0-100' })).status).toBe(200)
      expect((await ask(port, 'POST', '/burn/v1', { 'user-agent': agent }, new Uint8Array(0))).status).toBe(200)
    }
  })

  test('a thousand connections that say nothing, or half of something, do not keep a reader out for long', async () => {
    const sockets: net.Socket[] = []
    for (let i = 0; i < 1000; i++) {
      const socket = net.connect(port, '127.0.0.1')
      socket.on('error', () => {})
      if (i % 2 === 0) socket.write('POST /burn/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\n')
      sockets.push(socket)
    }
    await Promise.all(sockets.map(async socket => await new Promise(resolve => { if (!socket.connecting) resolve(0); socket.once('connect', resolve); socket.once('close', resolve) })))
    while (sockets.every(socket => !socket.destroyed)) await new Promise(resolve => setTimeout(resolve, 5))
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => setTimeout(resolve, 100))
    expect((await ask(port, 'POST', '/burn/v1', {}, HELLO)).status).toBe(200)
  })
})

describe('alone', () => {
  const clock = new ManualClock(1_700_000_000_000)
  const stop = new AbortController()
  let server: http.Server
  let port: number
  let address: string | undefined
  let hold: Promise<void> | undefined
  let running = 0
  let ended = 0

  beforeAll(async () => {
    const burn = { desk: { find: () => undefined, holds: () => false }, self: '12D3KooWJWEKvSFbben74C7H4YtKjhPMTDxd7gP7m1JbGDZaZrUt', clock, standInKey: new Uint8Array(32), report () {} } as unknown as BurnServer
    const handler = webServer({
      page: { html: new Uint8Array(1), gzipped: new Uint8Array(1), policy: '' }, clock, signal: stop.signal,
      async converse (channel, signal) {
        running++
        try {
          await hold
          if (address === 'endless') for (;;) await channel.write(new Uint8Array(1 << 20), signal)
          await serveBurn(burn, { reader: WEB_READER, audit: '', nonces: streamNonces(size => new Uint8Array(size)) }, channel, signal)
        } finally {
          running--
          ended++
        }
      },
    })
    server = http.createServer((request, response) => {
      if (address !== undefined) Object.defineProperty(request.socket, 'remoteAddress', { value: address, configurable: true })
      void handler(request, response)
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    port = (server.address() as net.AddressInfo).port
  })
  afterAll(async () => {
    stop.abort(new Error('over'))
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  afterEach(() => { address = undefined; hold = undefined })

  const until = async (check: () => boolean): Promise<void> => { while (!check()) await new Promise(resolve => setTimeout(resolve, 5)) }

  test('addresses of one IPv6 network share their exchanges, another network has its own', async () => {
    let release = (): void => {}
    hold = new Promise<void>(resolve => { release = resolve })
    const from = async (ip: string): Promise<Reply> => { address = ip; return await ask(port, 'POST', '/burn/v1', {}, HELLO) }
    const held: Array<Promise<Reply>> = []
    try {
      for (let i = 1; i <= MAX_STREAMS_PER_PEER; i++) {
        held.push(from(`2001:db8:1:2::${i}`))
        await until(() => running === i)
      }
      let more: number | undefined
      void from('2001:db8:1:2:aaaa::').then(reply => { more = reply.status }, () => {})
      await until(() => more !== undefined || running > MAX_STREAMS_PER_PEER)
      expect(more).toBe(503)
      held.push(from('2001:db8:1:3::1'))
      await until(() => running === MAX_STREAMS_PER_PEER + 1)
    } finally {
      release()
    }
    expect(new Set((await Promise.all(held)).map(r => r.status))).toEqual(new Set([200]))
  })

  test.each([['one address', '192.0.2.7', MAX_STREAMS_PER_PEER], ['a proxy on this machine', '::ffff:127.0.0.1', MAX_STREAMS]])('%s may have so many exchanges at once, one more is told to wait', async (_what, from, limit) => {
    address = from
    let release = (): void => {}
    hold = new Promise<void>(resolve => { release = resolve })
    const held = Array.from({ length: limit }, async () => await ask(port, 'POST', '/burn/v1', {}, HELLO))
    await until(() => running === limit)
    const more = await ask(port, 'POST', '/burn/v1', {}, HELLO)
    expect([more.status, more.headers['retry-after']]).toEqual([503, '2'])
    release()
    expect(new Set((await Promise.all(held)).map(r => r.status))).toEqual(new Set([200]))
    await until(() => running === 0)
    expect((await ask(port, 'POST', '/burn/v1', {}, HELLO)).status).toBe(200)
  })

  const raw = async (text: string): Promise<{ socket: net.Socket, closed: Promise<void> }> => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const closed = new Promise<void>(resolve => { socket.once('close', () => { resolve() }) })
    socket.write(`POST /burn/v1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\nContent-Type: application/cbor\r\n${text}`)
    await until(() => running === 1)
    return { socket, closed }
  }

  test('a client that sends half a request is cut', async () => {
    const before = ended
    const { socket, closed } = await raw('Content-Length: 100\r\n\r\n')
    socket.resume()
    socket.write(Buffer.from([0, 0]))
    await new Promise(resolve => setTimeout(resolve, 50))
    clock.advance(REQUEST_MS + 1)
    await closed
    expect(ended).toBe(before + 1)
  })

  test('a client that hangs up in the middle of an answer ends the exchange', async () => {
    address = 'endless'
    const before = ended
    const { socket } = await raw('Content-Length: 0\r\n\r\n')
    await new Promise(resolve => setTimeout(resolve, 50))
    socket.destroy()
    await until(() => ended === before + 1)
    expect(running).toBe(0)
  })

  test('a client that does not take the end of an answer is cut', async () => {
    let conversing = false
    const taken = MAX_STREAMS // leaves room for the default: the answer is far larger than any socket buffer
    const slow = webServer({
      page: { html: new Uint8Array(1), gzipped: new Uint8Array(1), policy: '' }, clock, signal: stop.signal,
      async converse (channel) { conversing = true; void channel.write(new Uint8Array(taken * 65_536)).catch(() => {}) },
    })
    const one = http.createServer((request, response) => { void slow(request, response) })
    await new Promise<void>(resolve => { one.listen(0, '127.0.0.1', resolve) })
    const at = (one.address() as net.AddressInfo).port
    const socket = net.connect(at, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write(`POST /burn/v1 HTTP/1.1\r\nHost: 127.0.0.1:${at}\r\nOrigin: http://127.0.0.1:${at}\r\nContent-Type: application/cbor\r\nContent-Length: 0\r\n\r\n`)
    const connections = async (): Promise<number> => await new Promise(resolve => { one.getConnections((_e, n) => { resolve(n) }) })
    await until(() => conversing)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(await connections()).toBe(1)
    clock.advance(TRANSFER_MS + 1)
    while (await connections() > 0) await new Promise(resolve => setTimeout(resolve, 5))
    socket.destroy()
    await new Promise(resolve => one.close(resolve))
  })
})
