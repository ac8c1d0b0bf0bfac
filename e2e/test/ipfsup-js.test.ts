/** js-ipfs for real, from the npm registry that npm is set to: installed by the lock file that ipfsup ships, then used. It listens on 127.0.0.1 and looks for nobody. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { IpfsupScene, type Updated } from '../faults/ipfsup-scene.ts'

const test = testWithProgram('openssl', 'tar', 'npm')
const MS = 600_000

let scene: IpfsupScene
beforeEach(async () => { scene = await IpfsupScene.open() })
afterEach(async () => { await scene[Symbol.asyncDispose]() })

test('js-latest installs, keeps a repo of its own, adds and gives back, runs a daemon, and rolls back to Kubo', async () => {
  await scene.release('0.43.0', 18)
  await scene.ipfsup(['init', '--yes'])
  await scene.json(['update'])
  await scene.initRepo('v0.43.0')
  const npm = process.env['npm_config_cache'] === undefined ? {} : { npm_config_cache: process.env['npm_config_cache'] }
  expect(await scene.json<Updated>(['update', 'js-latest'], { env: npm })).toEqual({
    version: 'js-v0.66.1', previous: 'go-v0.43.0', transport: 'npm', path: path.dirname(scene.programOf('js-v0.66.1')), sha512: expect.stringMatching(/^[0-9a-f]{128}$/), cid: null, resumedBytes: 0,
  })
  const jsRepo = path.join(scene.ipfsPath, 'js-repo')
  expect((await scene.ipfs(['init', '--profile', 'test'])).exit).toBe(0)
  expect([existsSync(path.join(jsRepo, 'config')), readFileSync(path.join(scene.ipfsPath, 'version'), 'utf8')]).toEqual([true, '18\n'])
  scene.write('letter.txt', 'once upon a time')
  const cid = (await scene.ipfs(['add', '-Q', 'letter.txt'])).stdout.trim()
  expect((await scene.ipfs(['cat', cid])).stdout).toBe('once upon a time')

  quieten(path.join(jsRepo, 'config'))
  let answered: string | undefined
  const daemon = await scene.ipfs(['daemon'], { onStart: child => {
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const gateway = /Gateway \(read only\) listening on \/ip4\/127\.0\.0\.1\/tcp\/(\d+)/.exec(said)?.[1]
      if (gateway === undefined || !said.includes('Daemon is ready') || answered !== undefined) return
      answered = ''
      void fetch(`http://127.0.0.1:${gateway}/ipfs/${cid}`).then(async response => { answered = await response.text() }, (e: unknown) => { answered = String(e) }).finally(() => { child.kill('SIGINT') })
    })
  } })
  expect([answered, daemon.stderr]).toEqual(['once upon a time', expect.anything()])

  expect(await scene.json<Updated>(['rollback'])).toMatchObject({ version: 'go-v0.43.0', previous: 'js-v0.66.1' })
  expect((await scene.ipfs(['version', '--number'])).stdout).toBe('0.43.0\n')
  expect(existsSync(path.join(scene.ipfsPath, 'migrations'))).toBe(false)
}, MS)

/** Only 127.0.0.1, and nobody to look for. */
function quieten (file: string): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>
  config['Addresses'] = { Swarm: ['/ip4/127.0.0.1/tcp/0'], API: '/ip4/127.0.0.1/tcp/0', Gateway: '/ip4/127.0.0.1/tcp/0', Announce: [], NoAnnounce: [], RPC: '', Delegates: [] }
  Object.assign(config, { Bootstrap: [], Discovery: { MDNS: { Enabled: false }, webRTCStar: { Enabled: false } }, Routing: { Type: 'none' } })
  writeFileSync(file, JSON.stringify(config))
}
