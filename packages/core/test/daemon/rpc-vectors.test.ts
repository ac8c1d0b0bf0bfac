import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { fromRemoteError, toRemoteError } from '@ipkit/core/errors/remote-error'
import { RpcServer } from '@ipkit/core/daemon/rpc-server'
import * as wire from '@ipkit/core/daemon/rpc-wire'
import type { RpcHandler } from '@ipkit/core/daemon/service'
import { systemClock } from '@ipkit/core/time/clock'
import { testWithProgram } from '@ipkit/testkit/test-with-program'

interface Vectors {
  requests: Array<{ title: string, method: string, path: string, headers?: Record<string, string>, body: string, status: number, type: string, answer?: string, code?: string }>
  events: Array<{ line: string, event: unknown }>
  rejectedEvents: string[]
  rejectedErrors: unknown[]
  versions: Array<{ client: [number, number], node: [number, number], agreed: unknown }>
}
const docs = path.resolve(import.meta.dirname, '../../../../docs/protocols')
const vectors = JSON.parse(readFileSync(path.join(docs, 'vectors/daemon-rpc.json'), 'utf8')) as Vectors
const spec = readFileSync(path.join(docs, 'daemon-rpc.md'), 'utf8')

const gone = (): AppError => new AppError('GONE', 'gone', { exit: 'notFound', hints: ['ask again'] })
const methods: Record<string, RpcHandler> = {
  't.echo': async params => ({ kind: 'result', value: params }),
  't.upload': async (_params, call) => { const parts: Uint8Array[] = []; for await (const c of call.upload) parts.push(c); return { kind: 'result', value: Buffer.concat(parts).toString() } },
  't.list': async () => ({ kind: 'items', items: (async function * () { yield 1; yield 2 })() }),
  't.bytes': async () => ({ kind: 'bytes', source: (async function * () { yield Buffer.from('hi') })() }),
  't.fail': async () => { throw gone() },
  't.half': async () => ({ kind: 'items', items: (async function * () { yield 1; throw gone() })() }),
}
let dir: string
let socket: string
let server: RpcServer
beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-vectors-')); socket = path.join(dir, 's')
  server = new RpcServer({
    lookup: name => Object.hasOwn(methods, name) ? methods[name] : undefined, clock: systemClock, log: { debug () {}, info () {}, warn () {}, error () {} }, drain: () => ({ draining: false, calls: 1, leases: 2 }),
    hello: () => ({ protocol: wire.RPC_PROTOCOL, version: 'v', capabilities: [], pid: 1, peerId: 'p', draining: false, busy: false, services: { burn: 3 } }),
  })
  await server.listen(socket)
})
afterAll(async () => { await server.close(new AppError('NODE_STOPPING', 'stopping'), 100); rmSync(dir, { recursive: true }) })

test.each(vectors.requests)('request: $title', async v => {
  const answer = await new Promise<{ status: number, type: string, text: string }>((resolve, reject) => {
    const req = http.request({ socketPath: socket, method: v.method, path: v.path, headers: v.headers ?? {}, agent: false }, res => {
      let text = ''
      res.on('data', d => { text += String(d) }).on('end', () => { resolve({ status: res.statusCode!, type: res.headers['content-type']!, text }) }).on('error', reject)
    })
    req.on('error', reject).end(v.body)
  })
  expect(answer).toMatchObject({ status: v.status, type: v.type })
  if (v.answer !== undefined) expect(answer.text).toBe(v.answer)
  if (v.code !== undefined) expect(JSON.parse(answer.text)).toMatchObject({ error: { code: v.code } })
})

test.each(vectors.events)('event: $line', ({ line, event }) => { expect(wire.readEvent(line)).toEqual(event) })
test.each(vectors.rejectedEvents)('rejected event: %j', line => { expect(() => wire.readEvent(line)).toThrow(expect.objectContaining({ code: 'BAD_ANSWER' })) })
test.each(vectors.rejectedErrors)('rejected error: %j', value => { expect(() => fromRemoteError(value)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' })) })
test.each(vectors.versions)('versions: $client and $node', ({ client, node, agreed }) => {
  expect(wire.agree({ min: client[0], max: client[1] }, { min: node[0], max: node[1] })).toBe(agreed)
})

test('an error crosses whole, and what is too long for the wire is cut', () => {
  expect(fromRemoteError(toRemoteError(gone()))).toMatchObject({ code: 'GONE', message: 'gone', exit: 'notFound', hints: ['ask again'] })
  const long = new AppError('LONG', 'x'.repeat(20_000), { hints: Array.from({ length: 20 }, () => 'y'.repeat(5000)) })
  expect(fromRemoteError(toRemoteError(long)).hints.length).toBe(16)
  expect(toRemoteError('text')).toMatchObject({ code: 'BUG', exit: 'bug', message: 'unexpected error: text' })
})

describe('the spec', () => {
  test.each<[string, number]>([
    ['bytes of params', wire.MAX_PARAMS_BYTES], ['bytes of one line of an answer', wire.MAX_LINE_BYTES], ['time for the params line (ms)', wire.PARAMS_TIMEOUT_MS],
    ['time an unread upload is dropped after the answer (ms)', wire.LINGER_MS], ['connections', wire.MAX_CONNECTIONS],
  ])('says the limit on %s', (what, value) => { expect(spec).toContain(`| ${what} | ${value} |`) })

  test('says the form of a method', () => {
    expect(wire.METHOD_PATTERN.source).toBe(`^${/service = (.*)\n/.exec(spec)![1]!}\\.${/ name = (.*)\n/.exec(spec)![1]!}$`)
  })

  test('says the status of each exit', () => {
    for (const [exit, status] of Object.entries(wire.STATUS)) if (status !== 500) expect(spec).toContain(`${exit} ${status}`)
  })
})

testWithProgram('curl')('curl does what the spec shows', async () => {
  writeFileSync(path.join(dir, 'file'), 'one\ntwo\n')
  const sh = async (line: string): Promise<string> => (await promisify(execFile)('sh', ['-c', line], { encoding: 'utf8', cwd: dir, env: { PATH: process.env['PATH'], S: socket } })).stdout
  expect(JSON.parse(await sh('curl -s --unix-socket $S http://ipkit/v1/hello'))).toMatchObject({ protocol: { min: 1, max: 1 } })
  expect(await sh("curl -s --unix-socket $S http://ipkit/v1/call/t.echo -d '{}'")).toBe('{"result":{}}\n')
  expect(await sh("curl -sN --unix-socket $S http://ipkit/v1/call/t.list -d '{}'")).toBe('{"item":1}\n{"item":2}\n{"end":true}\n')
  expect(await sh("(echo '{\"any\":\"params\"}'; cat file) | curl -s --unix-socket $S -X POST -T - http://ipkit/v1/call/t.upload")).toBe('{"result":"one\\ntwo\\n"}\n')
  expect(await sh("curl -s --unix-socket $S -H 'accept: application/octet-stream' http://ipkit/v1/call/t.bytes -d '{}'")).toBe('hi')
})
