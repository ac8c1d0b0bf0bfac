import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { nodeProcesses } from '@ipkit/testkit/node/node-processes'
import type { Person } from '@ipkit/testkit/person'
import { addMessage, BurnScene, getMessage, portOf, until } from '../faults/burn-scene.ts'

const GARBAGE_BYTES = 10_000_000
const CONNECTIONS = 1000
/** A node that just started takes about 100 MB. */
const MAX_RSS_BYTES = 400_000_000

let scene: BurnScene
let alice: Person
let bob: Person
const sockets = new Set<Socket>()
beforeEach(async () => {
  scene = new BurnScene()
  alice = await scene.person('alice')
  bob = await scene.person('bob')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  await scene[Symbol.asyncDispose]()
})

async function dial (port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.add(socket)
  socket.on('error', () => {})
  socket.resume()
  await new Promise<void>(resolve => { socket.once('connect', resolve); socket.once('close', resolve) })
  return socket
}
const closed = async (socket: Socket): Promise<void> => { if (!socket.closed) await new Promise(resolve => { socket.once('close', resolve) }) }
const pidOf = (who: Person): number => { const pids = nodeProcesses(who.home); expect(pids.length).toBe(1); return pids[0]! }
const files = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length
const rssBytes = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024

describe('on the port of a sender', () => {
  test('10 MB of garbage: thrown out, and a message is read meanwhile', async () => {
    const { link } = await addMessage(alice, 'clean')
    const pid = pidOf(alice)
    const garbage = randomBytes(GARBAGE_BYTES)
    const [plain, late] = [await dial(portOf(link)), await dial(portOf(link))]
    plain.write(garbage)
    late.write('\x13/multistream/1.0.0\n\x07/noise\n') // garbage where the handshake is due
    late.write(garbage)
    expect(await getMessage(bob, link)).toMatchObject({ exit: 0, stdout: 'clean' })
    await Promise.all([closed(plain), closed(late)])
    expect(pidOf(alice)).toBe(pid)
    expect(rssBytes(pid)).toBeLessThan(MAX_RSS_BYTES)
  })

  test('peers that send a byte a second: thrown out, and a message is read meanwhile', async () => {
    const { link } = await addMessage(alice, 'patience')
    const pid = pidOf(alice)
    const before = files(pid)
    const hello = '\x13/multistream/1.0.0\n\x07/noise\n'.padEnd(600, 'x')
    const slow = await Promise.all(Array.from({ length: 20 }, async () => await dial(portOf(link))))
    let sent = 0
    const timer = setInterval(() => { for (const socket of slow) if (socket.writable) socket.write(hello[sent]!); sent++ }, 1000)
    try {
      expect(await getMessage(bob, link)).toMatchObject({ exit: 0, stdout: 'patience' })
      await Promise.all(slow.map(closed))
    } finally {
      clearInterval(timer)
    }
    await until(() => files(pid), count => count <= before + 2)
    expect(pidOf(alice)).toBe(pid)
  })

  test(`${CONNECTIONS} connections at once: a message is read, and memory and file descriptors come back`, async () => {
    const { link } = await addMessage(alice, 'through the crowd')
    const second = await addMessage(alice, 'after the crowd')
    const pid = pidOf(alice)
    const before = files(pid)
    const crowd = await Promise.all(Array.from({ length: CONNECTIONS }, async () => await dial(portOf(link))))
    expect(await getMessage(bob, link)).toMatchObject({ exit: 0, stdout: 'through the crowd' })
    expect(rssBytes(pid)).toBeLessThan(MAX_RSS_BYTES)
    await Promise.all(crowd.map(closed)) // the node throws them out by itself
    await until(() => files(pid), count => count <= before + 5)
    expect(await getMessage(bob, second.link)).toMatchObject({ exit: 0, stdout: 'after the crowd' })
    expect(pidOf(alice)).toBe(pid)
  })

  test(`${CONNECTIONS} connections that come and go: nothing of them stays open`, async () => {
    const { link } = await addMessage(alice, 'and still here')
    const pid = pidOf(alice)
    const before = files(pid)
    for (let round = 0; round < 4; round++) {
      const crowd = await Promise.all(Array.from({ length: CONNECTIONS / 4 }, async () => await dial(portOf(link))))
      for (const [n, socket] of crowd.entries()) {
        if (n % 2 === 0) socket.destroy()
        else socket.end('\x13/multistream/1.0.0\n')
      }
    }
    expect(await getMessage(bob, link)).toMatchObject({ exit: 0, stdout: 'and still here' })
    await until(() => files(pid), count => count <= before + 5)
    expect(pidOf(alice)).toBe(pid)
  })
})

test('where a sender should be, something else that answers with garbage, or not at all: one line, exit 5, nothing used up', async () => {
  const { id, link } = await addMessage(alice, 'not for them')
  for (const answer of ['garbage', 'silence then gone', 'silence', 'hangs up'] as const) {
    const server = createServer(socket => {
      sockets.add(socket)
      socket.on('error', () => {})
      if (answer === 'garbage') socket.end(randomBytes(100_000))
      if (answer === 'hangs up') socket.destroy()
      if (answer === 'silence then gone') socket.once('data', () => { socket.destroy() })
      if (answer === 'silence') socket.resume()
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const { port } = server.address() as { port: number }
    const ran = await getMessage(bob, link, ['-q', '--address', `/ip4/127.0.0.1/tcp/${port}`])
    expect([answer, ran.exit, ran.stdout, ran.stderr]).toEqual([answer, 5, '', expect.stringMatching(/^burn: error: .+\n(burn: hint: .+\n)*$/)])
    for (const socket of sockets) socket.destroy() // what was not read of one keeps the server open
    await new Promise(resolve => { server.close(resolve) })
  }
  expect(await alice.json('burn', ['status', id])).toMatchObject({ state: 'unread' })
})
