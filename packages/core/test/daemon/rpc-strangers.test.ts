import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { RpcServer } from '@ipkit/core/daemon/rpc-server'
import { systemClock } from '@ipkit/core/time/clock'

const MIB = 1024 * 1024
const stopping = new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable' })
let dir: string
let socket: string
let server: RpcServer
beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-rpc-')); socket = path.join(dir, 's')
  server = new RpcServer({
    lookup: () => async () => { throw new AppError('DISK_FULL', 'no space') }, clock: systemClock, log: { debug () {}, info () {}, warn () {}, error () {} },
    hello: () => ({ protocol: { min: 1, max: 1 }, version: 'v', capabilities: [], pid: 1, peerId: 'p', draining: false, busy: false, services: {} }), drain: () => ({ draining: false, calls: 0, leases: 0 }),
  })
  await server.listen(socket)
})
afterEach(() => { rmSync(dir, { recursive: true }) })

/** Sends 32 MiB that nobody wants, and looks at the answer only after the last of it. @param looks false: never looks */
function stubborn (looks: boolean): { readonly socket: net.Socket, readonly text: Promise<string>, readonly sent: Promise<void> } {
  const s = net.connect(socket)
  s.pause()
  s.write(`POST /v1/call/t.full HTTP/1.1\r\nhost: x\r\ncontent-length: ${3 + 32 * MIB}\r\n\r\n{}\n`)
  for (let i = 0; i < 32; i++) s.write(new Uint8Array(MIB))
  const text = new Promise<string>((resolve, reject) => {
    let got = ''
    s.on('data', d => { got += String(d) }).on('close', () => { resolve(got) }).on('error', reject)
    s.pause()
  })
  text.catch(() => {})
  const sent = new Promise<void>(resolve => { s.end(() => { if (looks) s.resume(); resolve() }) })
  return { socket: s, text, sent }
}

test('an early answer reaches even a client that looks at it only after it has sent everything', async () => {
  expect(await stubborn(true).text).toContain('"code":"DISK_FULL"')
  await server.close(stopping, 1_000)
})

test('a client that closed its side and reads nothing does not hold up the end', async () => {
  const client = stubborn(false)
  await client.sent
  await server.close(stopping, 50)
  await expect(new Promise((resolve, reject) => { net.connect(socket).on('connect', resolve).on('error', reject) })).rejects.toMatchObject({ code: 'ENOENT' })
  client.socket.destroy()
})
