import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { RpcClient } from '@ipkit/core/daemon/rpc-client'
import { RpcServer, type RpcServerDeps } from '@ipkit/core/daemon/rpc-server'
import { LINGER_MS, MAX_PARAMS_BYTES, PARAMS_TIMEOUT_MS, type Hello } from '@ipkit/core/daemon/rpc-wire'
import type { RpcCall, RpcHandler, RpcReply } from '@ipkit/core/daemon/service'
import { systemClock } from '@ipkit/core/time/clock'
import { ManualClock } from '@ipkit/testkit/manual-clock'

const hello: Hello = { protocol: { min: 1, max: 1 }, version: '0.0.0', capabilities: ['a'], pid: 1, peerId: 'p', draining: false, busy: false, services: { burn: 3 } }
const result = (value: unknown): RpcReply => ({ kind: 'result', value })

let dir: string
let socket: string
let server: RpcServer
let client: RpcClient
let logged: string[]
const methods = new Map<string, RpcHandler>()

async function start (more: Partial<RpcServerDeps> = {}): Promise<void> {
  const log = { debug () {}, info () {}, warn () {}, error (message: string) { logged.push(message) } }
  server = new RpcServer({ lookup: m => methods.get(m), hello: () => hello, drain: () => ({ draining: true, calls: 0, leases: 2 }), clock: systemClock, log, ...more })
  await server.listen(socket)
  client = new RpcClient({ address: () => socket })
}
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-rpc-')); socket = path.join(dir, 's')
  logged = []; methods.clear()
  await start()
})
afterEach(async () => {
  client.close()
  await server.close(new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable' }), 100)
  rmSync(dir, { recursive: true })
})

async function collect<T> (items: AsyncIterable<T>): Promise<T[]> { const out: T[] = []; for await (const i of items) out.push(i); return out }
async function until (met: () => boolean): Promise<void> { while (!met()) await new Promise(resolve => { setTimeout(resolve, 5) }) }
const MIB = 1024 * 1024
async function * zeros (mib: number, onSent: (n: number) => void = () => {}): AsyncGenerator<Uint8Array> { for (let i = 0; i < mib; i++) { onSent(i + 1); yield new Uint8Array(MIB) } }
const failing = (error: Error): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ async next () { throw error } }) })

/** What a program without this client does. */
async function raw (bytes: string, end = true): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = ''
    const s = net.connect(socket, () => { s.write(bytes); if (end) s.end() })
    s.on('data', d => { text += String(d) }).on('close', () => { resolve(text) }).on('error', reject)
  })
}

describe('a call', () => {
  test('takes params to the method and its result back, on one kept connection', async () => {
    let connections = 0
    const counting = new RpcClient({ address: () => { connections++; return socket } })
    methods.set('t.echo', async params => result(params))
    for (const value of [{ a: [1, 'é\n', null] }, {}, 'x']) expect(await counting.call('t.echo', value)).toEqual(value)
    expect(await counting.hello()).toEqual({ ...hello, services: expect.objectContaining({ burn: 3 }) })
    expect(await counting.drain({ ifIdle: true })).toEqual({ draining: true, calls: 0, leases: 2 })
    expect(connections).toBe(1)
    counting.close()
  })

  test('hands an AppError over whole: code, message, exit and hints', async () => {
    methods.set('t.fail', async () => { throw new AppError('GONE', 'the message was read at 12:00', { exit: 'notFound', hints: ['ask for a new one'] }) })
    await expect(client.call('t.fail', {})).rejects.toMatchObject({ code: 'GONE', message: 'the message was read at 12:00', exit: 'notFound', hints: ['ask for a new one'] })
    await expect(collect(client.list('t.fail', {}))).rejects.toMatchObject({ code: 'GONE' })
    await expect(collect(client.bytes('t.fail', {}))).rejects.toMatchObject({ code: 'GONE' })
    expect(logged).toEqual([])
  })

  test('hands a bug over as a bug, without its stack, and logs it', async () => {
    methods.set('t.bug', async () => { throw new TypeError('x is undefined') })
    await expect(client.call('t.bug', {})).rejects.toMatchObject({ code: 'BUG', exit: 'bug', message: 'unexpected error: x is undefined' })
    methods.set('t.odd', async () => result(1n))
    await expect(client.call('t.odd', {})).rejects.toMatchObject({ code: 'BUG' })
    expect(logged).toEqual(['a call failed unexpectedly', 'a call failed unexpectedly'])
  })

  test('of an unknown or impossible method is refused', async () => {
    for (const method of ['t.nothing', 'nothing', '../hello', 't.%2e', 'constructor.name']) {
      await expect(client.call(method, {})).rejects.toMatchObject({ code: 'UNKNOWN_METHOD', exit: 'notFound' })
    }
  })

  test('tells its progress in order', async () => {
    methods.set('t.work', async (_p, call) => { call.progress({ step: 'a' }); call.progress({ step: 'b', doneBytes: 1, totalBytes: 2 }); return result('done') })
    const seen: unknown[] = []
    expect(await client.call('t.work', {}, { onProgress: e => { seen.push(e) } })).toBe('done')
    expect(seen).toEqual([{ step: 'a' }, { step: 'b', doneBytes: 1, totalBytes: 2 }])
  })

  test('with params over the limit is refused on both sides', async () => {
    methods.set('t.echo', async params => result(params))
    const big = 'x'.repeat(MAX_PARAMS_BYTES)
    await expect(client.call('t.echo', big)).rejects.toMatchObject({ code: 'PARAMS_TOO_LARGE', exit: 'usage' })
    const answer = await raw(`POST /v1/call/t.echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${big.length + 2}\r\n\r\n"${big}"`, false)
    expect(answer).toMatch(/^HTTP\/1.1 400/)
    expect(answer).toContain('"code":"PARAMS_TOO_LARGE"')
    expect(await client.call('t.echo', 1)).toBe(1)
  })

  test('answered in another shape than asked for is an error', async () => {
    methods.set('t.one', async () => result(1))
    methods.set('t.many', async () => ({ kind: 'items', items: (async function * () { yield 1 })() }))
    methods.set('t.raw', async (_p, call) => { call.progress({ step: 'x' }); return { kind: 'bytes', source: zeros(1) } })
    await expect(collect(client.list('t.one', {}))).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    await expect(client.call('t.many', {})).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    await expect(collect(client.bytes('t.many', {}))).rejects.toMatchObject({ code: 'BAD_ANSWER' })
    await expect(client.call('t.raw', {})).rejects.toMatchObject({ code: 'WRONG_ANSWER', exit: 'usage' })
    expect((await collect(client.bytes('t.raw', {}))).reduce((n, c) => n + c.length, 0)).toBe(MIB)
  })
})

describe('plain HTTP', () => {
  const post = (path: string, body: string, head = ''): string => `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  test.each<[string, string, string, string]>([
    ['params without a newline', post('/v1/call/t.echo', '{"a":1}'), '200', '{"result":{"a":1}}\n'],
    ['no body at all means {}', post('/v1/call/t.echo', ''), '200', '{"result":{}}\n'],
    ['malformed JSON', post('/v1/call/t.echo', '{"a":'), '400', '"code":"BAD_PARAMS"'],
    ['another path', 'GET /etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', '404', '"code":"NOT_FOUND"'],
    ['another verb', 'GET /v1/call/t.echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', '404', '"code":"NOT_FOUND"'],
    ['a bad drain', post('/v1/drain', '{"ifIdel":true}'), '400', 'did you mean \\"ifIdle\\"?'],
    ['no HTTP', 'hello there\r\n\r\n', '400', ''],
  ])('%s', async (_name, request, status, text) => {
    methods.set('t.echo', async params => result(params))
    const answer = await raw(request, false)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain(text)
  })

  test('a client that never finishes its params is let go, and others are served meanwhile', async () => {
    await server.close(new AppError('X', 'x'), 0); client.close()
    const clock = new ManualClock()
    await start({ clock })
    methods.set('t.echo', async params => result(params))
    const slow = raw('POST /v1/call/t.echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a"', false)
    await until(() => server.calls === 1)
    expect(await client.call('t.echo', 5)).toBe(5)
    clock.advance(PARAMS_TIMEOUT_MS)
    await until(() => server.calls === 0)
    clock.advance(LINGER_MS) // then its connection ends
    expect(await slow).toContain('"code":"PARAMS_LATE"')
  })
})

describe('streams', () => {
  test('a list comes one by one; leaving it early cancels the call', async () => {
    let stopped = 0
    methods.set('t.count', async (params) => ({
      kind: 'items',
      items: (async function * () { try { for (let i = 0; i < (params as { n: number }).n; i++) yield { i } } finally { stopped++ } })(),
    }))
    expect(await collect(client.list('t.count', { n: 3 }))).toEqual([{ i: 0 }, { i: 1 }, { i: 2 }])
    for await (const item of client.list('t.count', { n: 1e9 })) { expect(item).toEqual({ i: 0 }); break }
    await until(() => stopped === 2 && server.calls === 0)
  })

  test('a list that fails midway gives what came and then its error', async () => {
    methods.set('t.half', async () => ({ kind: 'items', items: (async function * () { yield 1; throw new AppError('HALF', 'only half', { exit: 'partial' }) })() }))
    const seen: unknown[] = []
    await expect((async () => { for await (const i of client.list('t.half', {})) seen.push(i) })()).rejects.toMatchObject({ code: 'HALF', exit: 'partial' })
    expect(seen).toEqual([1])
  })

  test('an upload arrives whole and in order', async () => {
    methods.set('t.sum', async (params, call) => { const parts: Uint8Array[] = []; for await (const c of call.upload) parts.push(c); return result({ params, text: Buffer.concat(parts).toString() }) })
    async function * text (): AsyncGenerator<Uint8Array> { yield Buffer.from('one\n'); yield Buffer.alloc(0); yield Buffer.from('two') }
    expect(await client.call('t.sum', { a: 1 }, { upload: text() })).toEqual({ params: { a: 1 }, text: 'one\ntwo' })
    expect(await client.call('t.sum', {}, {})).toEqual({ params: {}, text: '' })
  })

  test('an upload waits for a method that does not read', async () => {
    let sent = 0
    let go!: () => void
    const mayRead = new Promise<void>(resolve => { go = resolve })
    methods.set('t.slow', async (_p, call) => { await mayRead; let n = 0; for await (const c of call.upload) n += c.length; return result(n) })
    const done = client.call('t.slow', {}, { upload: zeros(64, n => { sent = n }) })
    await until(() => sent > 0)
    await new Promise(resolve => { setTimeout(resolve, 200) })
    expect(sent).toBeLessThan(16)
    go()
    expect(await done).toBe(64 * MIB)
  })

  test('bytes wait for a client that does not read', async () => {
    let sent = 0
    methods.set('t.big', async () => ({ kind: 'bytes', source: zeros(64, n => { sent = n }) }))
    let got = 0
    for await (const chunk of client.bytes('t.big', {})) {
      if (got === 0) { await new Promise(resolve => { setTimeout(resolve, 200) }); expect(sent).toBeLessThan(16) }
      got += chunk.length
    }
    expect(got).toBe(64 * MIB)
  })

  test('what fails before the first byte of bytes comes as the error that it is', async () => {
    methods.set('t.none', async () => ({ kind: 'bytes', source: failing(new AppError('GONE_ALREADY', 'it is gone', { exit: 'notFound' })) }))
    await expect(collect(client.bytes('t.none', {}))).rejects.toMatchObject({ code: 'GONE_ALREADY', exit: 'notFound' })
  })

  test('bytes that fail midway never look whole', async () => {
    methods.set('t.cut', async () => ({ kind: 'bytes', source: (async function * () { yield new Uint8Array(10); throw new AppError('DISK', 'disk error') })() }))
    await expect(collect(client.bytes('t.cut', {}))).rejects.toMatchObject({ code: 'NODE_CONNECTION_LOST', exit: 'unreachable' })
  })

  test('an answer that comes before the upload is over reaches the client, and the source is told to stop', async () => {
    methods.set('t.full', async () => { throw new AppError('DISK_FULL', 'no space', { exit: 'failed' }) })
    let stopped = false
    async function * endless (): AsyncGenerator<Uint8Array> { try { for (;;) yield new Uint8Array(MIB) } finally { stopped = true } }
    for (let i = 0; i < 20; i++) {
      stopped = false
      await expect(client.call('t.full', {}, { upload: endless() })).rejects.toMatchObject({ code: 'DISK_FULL' })
      await until(() => stopped)
    }
  })

  test('an upload source that fails fails the call with its own error, and the method sees a client that went away', async () => {
    let seen: unknown
    let started = false
    methods.set('t.take', async (_p, call) => { started = true; try { for await (const _ of call.upload) { /* drop */ } } catch (e) { seen = e; throw e } return result('took it') })
    async function * broken (): AsyncGenerator<Uint8Array> { yield new Uint8Array(10); await until(() => started); throw new AppError('FILE_NOT_READABLE', 'cannot read') }
    await expect(client.call('t.take', {}, { upload: broken() })).rejects.toMatchObject({ code: 'FILE_NOT_READABLE' })
    await until(() => server.calls === 0)
    expect(seen).toMatchObject({ code: 'CLIENT_GONE' })
    expect(logged).toEqual([])
  })
})

describe('cancellation', () => {
  function waiting (): { calls: RpcCall[], aborted: unknown[] } {
    const seen: { calls: RpcCall[], aborted: unknown[] } = { calls: [], aborted: [] }
    methods.set('t.wait', async (_p, call) => {
      seen.calls.push(call)
      await new Promise<void>(resolve => { call.signal.addEventListener('abort', () => { seen.aborted.push(call.signal.reason); resolve() }, { once: true }) })
      return result('too late')
    })
    return seen
  }

  test('an aborted signal rejects with its reason and aborts the method', async () => {
    const seen = waiting()
    const stop = new AbortController()
    const call = client.call('t.wait', {}, { signal: stop.signal })
    await until(() => seen.calls.length === 1)
    stop.abort(new AppError('INTERRUPTED', 'interrupted', { exit: 'interrupted' }))
    await expect(call).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await until(() => seen.aborted.length === 1 && server.calls === 0)
    expect(seen.aborted[0]).toMatchObject({ code: 'CLIENT_GONE' })
    await expect(client.call('t.wait', {}, { signal: stop.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' })
    expect(seen.calls.length).toBe(1)
  })

  test('any client that closes its connection aborts the method', async () => {
    const seen = waiting()
    const req = http.request({ socketPath: socket, method: 'POST', path: '/v1/call/t.wait' }); req.on('error', () => {}); req.end('{}')
    await until(() => seen.calls.length === 1)
    expect(server.calls).toBe(1)
    req.destroy()
    await until(() => seen.aborted.length === 1 && server.calls === 0)
  })

  test('a method that ignores its signal holds nobody up', async () => {
    methods.set('t.deaf', async () => await new Promise(() => {}))
    const stop = new AbortController()
    const call = client.call('t.deaf', {}, { signal: stop.signal })
    await until(() => server.calls === 1)
    stop.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await until(() => server.calls === 0)
  })

  test('a node that stops tells its clients why, and one that leaves refuses new calls', async () => {
    const seen = waiting()
    const call = client.call('t.wait', {})
    await until(() => seen.calls.length === 1)
    server.refuse(new AppError('NODE_DRAINING', 'the node is leaving', { exit: 'unreachable' }))
    await expect(client.call('t.wait', {})).rejects.toMatchObject({ code: 'NODE_DRAINING' })
    const [outcome] = await Promise.allSettled([call, server.close(new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable' }), 1000)])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NODE_STOPPING', exit: 'unreachable' } })
    await expect(client.hello()).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|ECONNREFUSED/) })
    await start()
  })
})

test('somebody else on the socket is not taken for a node', async () => {
  const other = path.join(dir, 'other')
  const strange = net.createServer(s => { s.on('error', () => {}).resume().end('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"a":1}') })
  await new Promise<void>(resolve => { strange.listen(other, resolve) })
  await expect(new RpcClient({ address: () => other }).hello()).rejects.toMatchObject({ code: 'BAD_ANSWER' })
  await new Promise(resolve => { strange.close(resolve) })
})

test('a check that fails before connecting is what the caller sees', async () => {
  const suspicious = new RpcClient({ address: () => { throw new AppError('NODE_FILE_SUSPECT', 'node.sock is a symbolic link', { exit: 'refused' }) } })
  await expect(suspicious.hello()).rejects.toMatchObject({ code: 'NODE_FILE_SUSPECT' })
  await expect(suspicious.call('t.x', {})).rejects.toMatchObject({ code: 'NODE_FILE_SUSPECT' })
})
