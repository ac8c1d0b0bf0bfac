import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'
import { testRelay, type TestRelay } from '../../packages/core/test/net/test-relay.ts'

interface Added { readonly link: string, readonly addresses: string[] }

/** Nobody listens there: a reader of such a link has only the relay. */
const NOWHERE = '/ip4/127.0.0.1/tcp/1'

let folder: string
let relay: TestRelay
let sender: Person
let reader: Person

const addressesOf = async (who: Person): Promise<string[]> => (await who.json<{ addresses: string[] }>('ipkit', ['id'])).addresses

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-relay-'))
  relay = await testRelay()
  sender = await Person.in(folder, 'sender')
  reader = await Person.in(folder, 'reader')
  expect((await sender.run('ipkit', ['config', 'set', 'relays', relay.address])).exit).toBe(0)
  await sender.run('ipkit', ['start'])
  while (!(await addressesOf(sender)).some(address => address.includes('/p2p-circuit/'))) await sleep(100)
})
afterAll(async () => {
  for (const person of [sender, reader]) await person[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('add offers the relay and names it only when asked', async () => {
  const plain = await sender.run('burn', ['add', '-'], { input: 'hello' })
  expect(plain.stdout).not.toContain('p2p-circuit')
  expect(plain.stderr).toContain('--address relay')
  const asked = await sender.run('burn', ['add', '-', '--address', 'relay'], { input: 'hello' })
  expect(asked.stdout).toContain(`also=${relay.address}/p2p-circuit#`)
  expect(asked.stderr).toContain('(through a relay)')
  expect(asked.stderr).not.toContain('128 KiB')
})

test('a message passes through the relay to a reader who reaches nothing else', async () => {
  const { link } = await sender.json<Added>('burn', ['add', '-', '--address', NOWHERE, '--address', 'relay'], { input: 'through the middle\n' })
  const got = await reader.run('burn', ['get', '-', '--yes', '-o', '-'], { input: link })
  expect([got.exit, got.stdout]).toEqual([0, 'through the middle\n'])
  expect((await reader.run('burn', ['get', '-', '--yes', '-o', '-'], { input: link })).exit).toBe(4)
})

test('what is too much for the relay fails with a way on, and comes whole from a direct address', async () => {
  const content = randomBytes(400 * 1024)
  writeFileSync(path.join(sender.folder, 'large'), content)
  const added = await sender.run('burn', ['add', 'large', '--json', '--address', NOWHERE, '--address', 'relay'])
  expect(added.stderr).toContain('RELAY_LIMIT')
  const { link } = JSON.parse(added.stdout) as Added
  const cut = await reader.run('burn', ['get', '-', '--yes', '-o', 'large'], { input: link })
  expect(cut.exit).toBe(5)
  expect(cut.stderr).toContain('the connection through the relay broke off')
  expect(cut.stderr).toContain('what was fetched is kept')
  const direct = (await addressesOf(sender)).find(address => !address.includes('/p2p-circuit/'))!
  const whole = await reader.run('burn', ['get', '-', '--yes', '-o', 'large', '--address', direct], { input: link })
  expect([whole.exit, readFileSync(path.join(reader.folder, 'large')).equals(content)]).toEqual([0, true])
})

test('a relay that the node does not have is said before anything is kept', async () => {
  const ran = await reader.run('burn', ['add', '-', '--address', 'relay'], { input: 'x' })
  expect([ran.exit, ran.stderr]).toEqual([1, expect.stringContaining('not reachable through any relay')])
  expect((await reader.run('burn', ['ls', '--json'])).stdout).toBe('')
  expect((await reader.run('burn', ['add', '-', '--plain', '--address', 'relay'], { input: 'x' })).exit).toBe(2)
})
