/** Two machines on one network and nobody else: names are found by multicast alone. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect } from '@jest/globals'
import { lackingForNetworkPair, networkPair, type Network } from '@ipkit/testkit/network-pair'
import { endNodes } from '@ipkit/testkit/node/node-processes'
import { testWith } from '@ipkit/testkit/test-with-program'

const root = path.resolve(import.meta.dirname, '../..')
const runFile = promisify(execFile)
const VALUE = '/ipfs/bafkqaddwgevxmmraojswg33smq'

let folder: string
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-names-lan-')) })
afterEach(() => { rmSync(folder, { recursive: true, force: true }) })
const homeOf = ({ ip }: Network): string => path.join(folder, ip, 'home')

/** @returns the document of a command's `--json` */
async function run<T> (network: Network, tool: 'ipkit' | 'ipnsup', ...args: string[]): Promise<T> {
  mkdirSync(path.join(folder, network.ip), { recursive: true })
  const { stdout } = await runFile(...network.inside(process.execPath, [path.join(root, `packages/${tool}/bin/${tool}.js`), ...args, '--json']), {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: path.join(folder, network.ip), IPKIT_HOME: homeOf(network), IPKIT_LISTEN: '/ip4/0.0.0.0/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' },
  })
  return JSON.parse(stdout.split('\n')[0]!) as T
}

testWith(lackingForNetworkPair())('a name published on one machine resolves on the other, and again when that one has left', async () => {
  await using pair = await networkPair()
  const [a, b] = pair.networks
  try {
    for (const network of [a, b]) await run(network, 'ipkit', 'config', 'set', 'mdns', 'on')
    const { name, state } = await run<{ name: string, state: string }>(a, 'ipnsup', 'publish', VALUE)
    expect(state).toBe('local')
    await run(b, 'ipkit', 'start')
    for (;;) {
      const found = await run<{ value: string }>(b, 'ipnsup', 'resolve', name).catch(() => undefined)
      if (found === undefined) { await sleep(300); continue }
      expect(found.value).toBe(VALUE)
      break
    }
    await run(a, 'ipkit', 'stop')
    expect(await run(b, 'ipnsup', 'resolve', name)).toMatchObject({ value: VALUE, source: 'local', expired: false })
  } finally {
    for (const network of [a, b]) await endNodes(homeOf(network))
  }
})
