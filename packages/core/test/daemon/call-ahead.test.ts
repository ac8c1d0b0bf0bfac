import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { SharedNode } from '@ipkit/core/daemon/open-node'
import { systemClock } from '@ipkit/core/time/clock'
import { host } from './node-fixture.ts'

type Answer = (res: http.ServerResponse, times: number) => void

let dir: string
let server: http.Server
/** What was asked, in order. */
let asked: string[]
let answers: Record<string, Answer>

const lines = (...events: readonly object[]): Answer => res => { res.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(events.map(e => `${JSON.stringify(e)}\n`).join('')) }
const error = (code: string): Answer => res => { res.writeHead(409, { 'content-type': 'application/x-ndjson' }).end(`${JSON.stringify({ error: { code, message: 'no', exit: 'busy', hints: [] } })}\n`) }
const atFirst = (first: Answer, then: Answer): Answer => (res, times) => { (times === 1 ? first : then)(res, times) }
const nothing: Answer = () => {}
const cut: Answer = res => { res.destroy() }
const HELLO = '/v1/hello'
const READ = '/v1/call/t.read'
const LIST = '/v1/call/t.list'

const node = (patienceMs = 20_000): SharedNode => new SharedNode({
  tool: 'test', flags: { node: `unix:${path.join(dir, 's')}` }, env: { HOME: dir }, cwd: dir, host, clock: systemClock, nodeMain: '/none', patienceMs, service: { name: 't', build: 2, manifest: '/m' },
})
const again = { repeatable: true }
const itemsOf = async (n: SharedNode): Promise<unknown[]> => { const all = []; for await (const item of n.list('t.list', {}, again)) all.push(item); return all }

beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-ahead-'))
  asked = []
  answers = {
    [HELLO]: res => { res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ protocol: { min: 1, max: 1 }, version: 'v', capabilities: [], pid: 1, peerId: 'p', draining: false, busy: false, services: { t: 2 } })) },
    [READ]: lines({ result: 'read' }),
    [LIST]: lines({ item: 1 }, { item: 2 }, { end: true }),
  }
  server = http.createServer((req, res) => {
    const { 'ipkit-protocol': protocol, 'ipkit-service': service } = req.headers
    asked.push([req.url!, protocol, service].filter(part => part !== undefined).join(' '))
    req.resume().on('end', () => { answers[req.url!]!(res, asked.filter(a => a.startsWith(req.url!)).length) })
  })
  await new Promise<void>(resolve => { server.listen(path.join(dir, 's'), resolve) })
})
afterEach(() => { server.closeAllConnections(); server.close(); rmSync(dir, { recursive: true }) })

describe('a call that may be repeated', () => {
  test('goes without a hello, and says what it needs', async () => {
    const n = node()
    expect(await n.call('t.read', {}, again)).toBe('read')
    expect(await itemsOf(n)).toEqual([1, 2])
    expect(await n.callRunning('t.read', {}, again)).toEqual({ value: 'read' })
    expect(asked).toEqual([`${READ} 1-1 t/2`, `${LIST} 1-1 t/2`, `${READ} 1-1 t/2`])
  })

  test('names no service for a method of the node itself', async () => {
    answers['/v1/call/node.id'] = lines({ result: 'id' })
    expect(await node().call('node.id', {}, again)).toBe('id')
    expect(asked).toEqual(['/v1/call/node.id 1-1'])
  })

  test.each<[string, Answer]>([
    ['refuses it', error('HELLO_FIRST')], ['is leaving', error('NODE_DRAINING')], ['closes the connection', cut], ['answers something else', res => { res.end('moved') }],
  ])('is sent again after a hello when the node %s', async (_, answer) => {
    answers[READ] = atFirst(answer, answers[READ]!)
    answers[LIST] = atFirst(answer, answers[LIST]!)
    expect(await node().call('t.read', {}, again)).toBe('read')
    expect(asked).toEqual([`${READ} 1-1 t/2`, HELLO, READ])
    asked = []
    expect(await itemsOf(node())).toEqual([1, 2])
    expect(asked).toEqual([`${LIST} 1-1 t/2`, HELLO, LIST])
  })

  test('that takes long is waited for while the node answers a hello, and not sent again', async () => {
    const hello = answers[HELLO]!
    let late: () => void
    answers[HELLO] = (res, times) => { hello(res, times); late() }
    answers[READ] = res => { late = () => { lines({ result: 'late' })(res, 1) } }
    answers[LIST] = res => { late = () => { lines({ item: 1 }, { end: true })(res, 1) } }
    expect(await node(1000).call('t.read', {}, again)).toBe('late')
    expect(await itemsOf(node(1000))).toEqual([1])
    expect(asked).toEqual([`${READ} 1-1 t/2`, HELLO, `${LIST} 1-1 t/2`, HELLO])
  })

  test('to a node that is stuck ends with what its hello says', async () => {
    answers[READ] = nothing
    answers[HELLO] = nothing
    await expect(node(200).call('t.read', {}, again)).rejects.toMatchObject({ code: 'NODE_NOT_ANSWERING' })
  })

  test('is not sent again when the method itself failed, or an item came', async () => {
    answers[READ] = error('GONE')
    await expect(node().call('t.read', {}, again)).rejects.toMatchObject({ code: 'GONE' })
    answers[LIST] = res => { res.writeHead(200, { 'content-type': 'application/x-ndjson' }); res.write('{"item":1}\n', () => { res.destroy() }) }
    await expect(itemsOf(node())).rejects.toMatchObject({ code: 'NODE_CONNECTION_LOST' })
    expect(asked).toEqual([`${READ} 1-1 t/2`, `${LIST} 1-1 t/2`])
  })

  test('of a command that is interrupted ends with it', async () => {
    answers[READ] = nothing
    const stop = new AbortController()
    const call = node().call('t.read', {}, { ...again, signal: stop.signal })
    setTimeout(() => { stop.abort(new Error('enough')) }, 50)
    await expect(call).rejects.toThrow('enough')
    expect(asked).toEqual([`${READ} 1-1 t/2`])
  })
})

test('any other call says hello first', async () => {
  expect(await node().call('t.read', {})).toBe('read')
  expect(asked).toEqual([HELLO, READ])
})
