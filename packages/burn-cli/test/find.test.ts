import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { heliaBlockStore } from '@ipkit/core/blocks/helia-block-store'
import { systemClock } from '@ipkit/core/time/clock'
import { testNode, type TestNode } from '@ipkit/testkit/test-node'
import type { CliRun } from '@ipkit/testkit/run-cli/run-cli'
import { payloadCid, RAW_CODEC } from '../src/domain/payload-layout.ts'
import { burnRpc, callBurn } from '../src/rpc.ts'
import { runBurn } from './run-burn.ts'
import { serviceHome, type ServiceHome } from './service-home.ts'

const opened: AsyncDisposable[] = []
afterEach(async () => { for (const it of opened.splice(0).toReversed()) await it[Symbol.asyncDispose]() })
const open = async <T extends AsyncDisposable>(it: Promise<T>): Promise<T> => { const made = await it; opened.push(made); return made }

let here: ServiceHome
beforeEach(async () => { here = await open(serviceHome()) })

const content = randomBytes(100)
const cid = payloadCid(RAW_CODEC, createHash('sha256').update(content).digest()).toString()
const run = async (...argv: string[]): Promise<CliRun> => await runBurn({ dir: here.net.dir, clock: systemClock }, here, ['find', ...argv])
const addressOf = (node: TestNode): string => node.node.addresses()[0]!

/** Another IPFS node: Helia with bitswap. */
async function helia (...blocks: Uint8Array[]): Promise<TestNode> {
  const node = await open(testNode())
  const store = await open(heliaBlockStore({ dir: path.join(node.dir, 'blocks'), libp2p: node.node.libp2p, routed: false }))
  for (const block of blocks) await store.put(cid, block)
  return node
}

test('one line for each address, in order: has it, does not, cannot be reached and why, with milliseconds', async () => {
  const asked = [addressOf(await helia(content)), addressOf(await helia()), addressOf(here.net), '/ip4/127.0.0.1/tcp/1']
  const found = await run(cid, ...asked)
  expect(found.exit).toBe(0)
  const lines = found.stdout.trim().split('\n')
  for (const [i, answer] of ['has it', 'does not', 'does not', 'unreachable'].entries()) expect(lines[i + 1]).toMatch(new RegExp(`^${answer} +[0-9]+ ms +${asked[i]!}`))
  expect(lines.at(-1)).toMatch(/^ {2}.*refused/)

  const json = (await run(cid, ...asked, '--json')).stdout.trim().split('\n').map(line => JSON.parse(line) as object)
  expect(json).toEqual([
    { address: asked[0], has: true, ms: expect.any(Number) },
    { address: asked[1], has: false, ms: expect.any(Number) },
    { address: asked[2], has: false, ms: expect.any(Number) },
    { address: asked[3], has: null, ms: expect.any(Number), error: { code: 'PEER_UNREACHABLE', message: expect.any(String) } },
  ])
})

test('an address without a peer id will do', async () => {
  const [address] = addressOf(await helia(content)).split('/p2p/')
  expect((await run(cid, address!)).stdout).toMatch(/has it/)
})

test('a node of ours that has it as a block for everybody', async () => {
  const both = await open(serviceHome())
  const store = await open(heliaBlockStore({ dir: path.join(both.net.dir, 'blocks'), libp2p: both.net.node.libp2p, routed: false }))
  expect((await run(cid, addressOf(both.net))).exit).toBe(4)
  await store.put(cid, content)
  expect((await run(cid, addressOf(both.net))).exit).toBe(0)
})

test('a plain IP means port 4101', async () => {
  const { exit, stdout } = await run(cid, '127.0.0.77', '--json')
  expect([exit, JSON.parse(stdout)]).toMatchObject([5, { address: '/ip4/127.0.0.77/tcp/4101', has: null }])
})

test('exit: 0 somebody has it, 4 nobody, 5 all unreachable', async () => {
  const [has, not, off] = [addressOf(await helia(content)), addressOf(await helia()), '/ip4/127.0.0.1/tcp/1']
  expect([(await run(cid, off, not, has)).exit, (await run(cid, off, not)).exit, (await run(cid, off)).exit]).toEqual([0, 4, 5])
})

test('a plain message is found by its link, which burns nothing', async () => {
  const { message, peerId, addresses } = await callBurn(here.door, burnRpc.createPlain, { name: 'a', lifeMs: 60_000 }, { upload: (async function * () { yield content })() })
  const [, , ip, , port] = addresses[0]!.split('/')
  expect((await run(`ipfs://${ip!}/tcp/${port!}/p2p/${peerId}/${message.cid}`, addresses[0]!)).exit).toBe(0)
  expect((await callBurn(here.door, burnRpc.status, { id: message.id })).message.state).toBe('unread')
})

test.each([
  [['no-cid', '127.0.0.1'], /neither a CID nor a link/],
  [[cid, 'example.org'], /not an address/],
])('%j is a usage error', async (argv, said) => {
  const { exit, stderr } = await run(...argv)
  expect([exit, stderr]).toEqual([2, expect.stringMatching(said)])
})
