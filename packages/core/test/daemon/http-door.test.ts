import * as fs from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { memoryLog } from '@ipkit/testkit/test-node'
import { HttpDoor, isOwnHost, type HttpDoorDeps } from '../../src/daemon/http-door.ts'

let dir: string
let log: ReturnType<typeof memoryLog>
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'http-')); log = memoryLog() })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })
const open = (limits?: NonNullable<HttpDoorDeps['limits']>): HttpDoor => new HttpDoor({ ...limits === undefined ? {} : { limits }, listen: ['/ip4/127.0.0.1/tcp/0'], names: ['burn.example'], portsFile: path.join(dir, 'ports.json'), log })

/** Raw, since fetch sets its own Host. */
async function get (base: string, url: string, host?: string): Promise<{ status: number, text: string, headers: http.IncomingHttpHeaders }> {
  const { hostname, port } = new URL(base)
  return await new Promise((resolve, reject) => {
    http.get({ host: hostname, port, path: url, agent: false, ...(host === undefined ? {} : { headers: { host } }) }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => { resolve({ status: response.statusCode!, text, headers: response.headers }) })
    }).on('error', reject)
  })
}

test('it listens at its first use only, shares the port by path, and keeps the port', async () => {
  let first: string[]
  {
    await using door = open()
    expect(door.boundUrls()).toEqual([])
    await door.handle('burn', async (request, response) => { response.end(`burn ${request.url}`) })
    await door.handle('mail', async (_request, response) => { response.end('mail') })
    first = await door.urls()
    expect(first).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)])
    expect((await get(first[0]!, '/burn/x?y')).text).toBe('burn /burn/x?y')
    expect((await get(first[0]!, '/burn')).text).toBe('burn /burn')
    expect((await get(first[0]!, '/mail/')).text).toBe('mail')
    for (const url of ['/', '/burning', '/BURN', '/other/burn', '//burn', '/../burn']) expect((await get(first[0]!, url)).status).toBe(404)
    await expect(door.handle('burn', async () => {})).rejects.toThrow(/already/)
    door.unhandle('mail')
    expect((await get(first[0]!, '/mail/')).status).toBe(404)
  }
  await using again = open()
  expect(await again.urls()).toEqual(first)
})

test('an answer is not stored, sniffed or referred from, and a failure tells nothing', async () => {
  await using door = open()
  await door.handle('x', async request => { if (request.url === '/x/fail') throw new Error('the secret plan') })
  await door.handle('y', async (_request, response) => { response.end() })
  const [url] = await door.urls()
  const { headers } = await get(url!, '/y')
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
  const failed = await get(url!, '/x/fail')
  expect([failed.status, failed.text]).toEqual([500, 'the request failed\n'])
  expect(log.lines.map(line => line.level)).toEqual(['error'])
})

test('only IP addresses and configured names are answered', async () => {
  await using door = open()
  await door.handle('x', async (_request, response) => { response.end('ok') })
  const [url] = await door.urls()
  for (const host of ['127.0.0.1', '10.1.2.3:4180', '[::1]:80', 'burn.example', 'BURN.example:8080']) expect((await get(url!, '/x', host)).status).toBe(200)
  for (const host of ['localhost', 'evil.example', 'burn.example.evil.example', '127.0.0.1.evil.example', '1.2.3']) expect((await get(url!, '/x', host)).status).toBe(421)
  for (const host of [undefined, '', ':80', '[]', '::1', '[127.0.0.1]']) expect(isOwnHost(host, [])).toBe(false)
})

test('a request that never ends does not hold up the end', async () => {
  const door = open()
  await door.handle('x', async () => { await new Promise(() => {}) })
  const { port } = new URL((await door.urls())[0]!)
  const socket = net.connect(Number(port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await new Promise(resolve => { setTimeout(resolve, 50) })
  const closed = new Promise(resolve => { socket.on('close', resolve) })
  await door[Symbol.asyncDispose]()
  await closed
  await expect(door.urls()).rejects.toMatchObject({ code: 'NODE_STOPPING' })
  expect(door.boundUrls()).toEqual([])
})

test('one machine cannot take all connections, and those that ended count no more', async () => {
  await using door = open({ perAddress: 2, idleMs: 60_000 })
  await door.handle('burn', async (_request, response) => { response.end('here') })
  const [url] = await door.urls()
  const port = Number(new URL(url!).port)
  const silent = await Promise.all([1, 2].map(async () => await new Promise<net.Socket>(resolve => { const socket = net.connect(port, '127.0.0.1', () => { resolve(socket) }) })))
  await expect(get(url!, '/burn')).rejects.toMatchObject({ code: 'ECONNRESET' })
  const gone = Promise.all(silent.map(async socket => await new Promise(resolve => { socket.once('close', resolve) })))
  for (const socket of silent) socket.end()
  await gone // both sides have closed
  expect((await get(url!, '/burn')).text).toBe('here')
})

test('an IPv6 network is one machine, and an IPv4 address is one however it is written', async () => {
  const from = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1', '192.0.2.7', '::ffff:192.0.2.7', '::ffff:192.0.2.8']
  const addresses = [...from]
  await using door = open({ perAddress: 1, idleMs: 60_000, addressOf: () => addresses.shift()! })
  await door.handle('burn', async (_request, response) => { response.end('here') })
  const [url] = await door.urls()
  const answers: string[] = []
  const sockets: net.Socket[] = []
  for (const _ of from) {
    answers.push(await new Promise<string>(resolve => {
      const socket = net.connect(Number(new URL(url!).port), '127.0.0.1', () => { socket.write('GET /burn HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n') })
      socket.on('data', () => { resolve('answered') }).on('error', () => {}).on('close', () => { resolve('refused') })
      sockets.push(socket)
    }))
  }
  expect(answers).toEqual(['answered', 'refused', 'answered', 'answered', 'refused', 'answered'])
  for (const socket of sockets) socket.destroy()
})

test('a client that takes nothing of its answer is cut', async () => {
  await using door = open({ perAddress: 2, idleMs: 100 })
  const cut = new Promise<void>(resolve => { void door.handle('burn', async (_request, response) => { response.once('close', resolve); response.end(new Uint8Array(64 << 20)) }) })
  const [url] = await door.urls()
  const socket = net.connect(Number(new URL(url!).port), '127.0.0.1', () => { socket.write('GET /burn HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'); socket.pause() })
  socket.on('error', () => {})
  await cut
  socket.destroy()
})
