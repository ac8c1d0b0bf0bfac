import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { HttpConnection } from '@ipkit/core/daemon/http-connection'

let dir: string
let server: net.Server
let answers: string[]
let cut: readonly number[]
let connections: number
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-http-'))
  answers = []; cut = [1_000_000]; connections = 0
  server = net.createServer(s => {
    connections++
    s.on('error', () => {}).on('data', () => {
      const answer = Buffer.from(answers.shift() ?? '', 'latin1')
      if (answer.length === 0) { s.destroy(); return }
      for (let at = 0, i = 0; at < answer.length; i++) { const n = cut[i % cut.length]!; s.write(answer.subarray(at, at + n)); at += n }
      if (answers.length === 0) s.end()
    })
  })
  await new Promise<void>(resolve => { server.listen(path.join(dir, 's'), resolve) })
})
afterEach(async () => { await new Promise(resolve => { server.close(resolve) }); rmSync(dir, { recursive: true }) })

const get = { method: 'GET', path: '/', accept: '*/*', head: Buffer.alloc(0) } as const
async function read (connection: HttpConnection): Promise<{ status: number, contentType: string, text: string }> {
  const { status, contentType, body } = await connection.request(get)
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return { status, contentType, text: Buffer.concat(parts).toString('latin1') }
}
const open = (): HttpConnection => new HttpConnection(path.join(dir, 's'))
const OK = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n'

test('answers with a length and in chunks come out the same however they are cut, on one connection', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), async pieces => {
    cut = pieces
    answers = [`${OK}content-length: 5\r\n\r\nhello`, `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\n, this is a test\r\n0\r\nx: y\r\n\r\n`, 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', '']
    const connection = open()
    expect(await read(connection)).toEqual({ status: 200, contentType: 'text/plain', text: 'hello' })
    expect(connection.isFree).toBe(true)
    expect(await read(connection)).toEqual({ status: 200, contentType: 'text/plain', text: 'hello, this is a test' })
    expect(await read(connection)).toEqual({ status: 404, contentType: '', text: '' })
    connection.destroy()
    expect(connection.isFree).toBe(false)
  }), { numRuns: 30 })
})

test('what waits for a slow reader stays what it was', async () => {
  const content = Array.from({ length: 400_000 }, (_, i) => String(i % 997)).join(' ')
  cut = [100_000]
  answers = [`${OK}content-length: ${content.length}\r\n\r\n${content}`]
  const { body } = await open().request(get)
  const parts: Uint8Array[] = []
  for await (const part of body) { parts.push(part); await new Promise(resolve => { setTimeout(resolve, 5) }) }
  expect(Buffer.concat(parts).toString('latin1') === content).toBe(true)
})

test('a connection that the server will close is not used again', async () => {
  answers = [`${OK}connection: close\r\ncontent-length: 2\r\n\r\nok`, '']
  const connection = open()
  expect((await read(connection)).text).toBe('ok')
  expect(connection.isFree).toBe(false)
  connection.destroy()
})

test.each<[string, string]>([
  ['nothing', ''],
  ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['a body that is too short', `${OK}content-length: 9\r\n\r\nhello`],
  ['chunks without their end', `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ['half a chunk', `${OK}transfer-encoding: chunked\r\n\r\n5\r\nhe`],
])('%s never looks whole', async (_name, answer) => {
  answers = [answer]
  const connection = open()
  await expect(read(connection)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(connection.isFree).toBe(false)
  connection.destroy()
})

test.each<[string, string]>([
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a body of unknown length', `${OK}\r\nhello`],
  ['a negative length', `${OK}content-length: -1\r\n\r\n`],
  ['a chunk size that is no number', `${OK}transfer-encoding: chunked\r\n\r\nzz\r\n`],
  ['a chunk longer than it says', `${OK}transfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n`],
  ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}`],
])('%s is not understood', async (_name, answer) => {
  answers = [answer, '']
  const connection = open()
  await expect(read(connection)).rejects.toMatchObject({ code: 'BAD_ANSWER' })
  connection.destroy()
})

test('nobody there is told by its code', async () => {
  await expect(read(new HttpConnection(path.join(dir, 'nobody')))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(connections).toBe(0)
})
