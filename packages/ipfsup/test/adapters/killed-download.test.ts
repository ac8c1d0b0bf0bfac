import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { DistSite } from '@ipkit/testkit/releases/dist-site'
import { serveSite, type ServedSite } from '@ipkit/testkit/releases/serve-site'
import { cidHashers } from '../../src/adapters/cid-hasher.ts'
import { seededBytes } from '../seeded-bytes.ts'

const ARCHIVE = seededBytes(20_000_000)
const SHA512 = createHash('sha512').update(ARCHIVE).digest('hex')
const FILE = '/kubo/v0.43.0/kubo_v0.43.0_linux-amd64.tar.gz'

let dir: string
let child: string
let served: ServedSite
let cid: string
beforeAll(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-killed-'))
  child = path.join(dir, 'download.mjs')
  await build({ entryPoints: [path.join(import.meta.dirname, 'killed-download.ts')], outfile: child, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' })
  const hashers = cidHashers(undefined)
  hashers.update(ARCHIVE)
  cid = hashers.digest().cid
  const site = new DistSite()
  site.add({ version: 'v0.43.0', os: 'linux', arch: 'amd64', archive: ARCHIVE, cid })
  served = await serveSite(site)
})
afterAll(async () => {
  await served[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true })
})

/** @param onLine of stdout @returns its last line, and whether it was killed */
async function run (partFile: string, onLine: (line: string, child: ChildProcess) => void = () => {}): Promise<{ readonly last: string, readonly signal: NodeJS.Signals | null }> {
  const running = spawn(process.execPath, [child, served.url, partFile, SHA512, cid], { stdio: ['ignore', 'pipe', 'inherit'] })
  let last = ''
  createInterface(running.stdout).on('line', line => { last = line; onLine(line, running) })
  const signal = await new Promise<NodeJS.Signals | null>(resolve => { running.on('close', (_code, by) => { resolve(by) }) })
  return { last, signal }
}

test.each([0.1, 0.5, 0.9])('SIGKILL after %d of the bytes: what came is kept, and the next run asks for the rest', async share => {
  const partFile = path.join(dir, `${share}.part`)
  served.misbehave(asked => asked === FILE ? { bytesPerSecond: 20_000_000 } : undefined)
  const { last, signal } = await run(partFile, (line, running) => { if (Number(line) >= share * ARCHIVE.length) running.kill('SIGKILL') })
  expect(signal).toBe('SIGKILL')
  const keptBytes = statSync(partFile).size
  expect(keptBytes).toBeGreaterThanOrEqual(0.95 * Number(last))
  expect(readFileSync(partFile).equals(ARCHIVE.subarray(0, keptBytes))).toBe(true)

  served.misbehave(undefined)
  expect((await run(partFile)).last).toMatch(new RegExp(`^whole ${keptBytes} `))
  expect(served.requests.at(-1)).toBe(`GET ${FILE} bytes=${keptBytes}-`)
  expect(readFileSync(partFile).equals(ARCHIVE)).toBe(true)
})
