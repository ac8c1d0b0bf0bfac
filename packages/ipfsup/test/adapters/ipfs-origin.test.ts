import { describe, expect, test } from '@jest/globals'
import { DistSite } from '@ipkit/testkit/releases/dist-site'
import { ipfsOrigin } from '../../src/adapters/ipfs-origin.ts'
import type { DistRoot } from '../../src/domain/dist-root.ts'
import type { Origin } from '../../src/domain/origin.ts'
import { formatVersion, parseVersion } from '../../src/domain/version.ts'
import { addDistTree } from '../dist-on-ipfs.ts'
import { MemoryBlocks } from '../memory-blocks.ts'
import { seededBytes } from '../seeded-bytes.ts'

const signal = new AbortController().signal
const platform = { os: 'linux', arch: 'amd64' }
const archive = seededBytes(3_000_000)
const release = (text: string): Parameters<Origin['claim']>[0] => ({ version: parseVersion(text), platform })
const UNREACHABLE = { code: 'ORIGIN_UNREACHABLE', exit: 'unreachable' }

function site (): DistSite {
  const made = new DistSite()
  for (const line of ['v0.43.0', 'v0.9.0', 'nightly', 'v0.44.0-rc1']) made.list(line)
  made.add({ version: 'v0.43.0', os: 'linux', arch: 'amd64', archive, cid: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e' })
  made.add({ version: 'v0.20.0', os: 'linux', arch: 'amd64', archive, sha512: null })
  made.add({ version: 'v0.12.0', dist: 'go-ipfs', os: 'linux', arch: 'amd64', archive: seededBytes(10) })
  return made
}

async function origin (proof: DistRoot['proof'] = 'dnslink'): Promise<{ origin: Origin, blocks: MemoryBlocks, root: string }> {
  const blocks = new MemoryBlocks()
  const root = await addDistTree(blocks, site(), { shardSplitThresholdBytes: 1 })
  const host = proof === 'pinned' ? root : 'dist.ipfs.tech'
  return { blocks, root, origin: ipfsOrigin({ name: '/ipns/dist.ipfs.tech', blocks, root: async () => ({ cid: root, proof, host }) }) }
}

async function collect (source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('tells the versions of kubo and go-ipfs', async () => {
  const list = await (await origin()).origin.versions(signal)
  expect(list?.host).toBe('dist.ipfs.tech')
  expect(list?.versions.map(formatVersion).sort()).toEqual(['go-v0.12.0', 'go-v0.20.0', 'go-v0.43.0', 'go-v0.44.0-rc1'])
})

test.each<[DistRoot['proof']]>([['dnslink'], ['pinned']])('claims what stands in a tree that is %s', async proof => {
  const { origin: from, root } = await origin(proof)
  expect(await from.claim(release('v0.43.0'), signal)).toMatchObject({
    origin: '/ipns/dist.ipfs.tech', transport: 'ipfs', proof, host: proof === 'pinned' ? root : 'dist.ipfs.tech', fileName: 'kubo_v0.43.0_linux-amd64.tar.gz',
    cid: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e', sha512: expect.stringMatching(/^[0-9a-f]{128}$/), link: '/kubo/v0.43.0/kubo_v0.43.0_linux-amd64.tar.gz',
  })
  expect(await from.claim(release('v0.99.0'), signal)).toBeUndefined()
})

test('claims the CID that the archive has in the tree, where nothing tells one', async () => {
  const { origin: from, blocks } = await origin()
  const { cid, sha512 } = (await from.claim(release('v0.20.0'), signal))!
  expect(sha512).toBeUndefined()
  const { blocks: alone } = { blocks: new MemoryBlocks() }
  await alone.add({ archive })
  expect([...alone.blocks.keys()]).toContain(cid)
  expect(blocks.blocks.has(cid!)).toBe(true)
})

test('gives the archive from any byte on', async () => {
  const { origin: from } = await origin()
  const claim = (await from.claim(release('v0.43.0'), signal))!
  for (const fromByte of [0, 1, 262_144, 2_999_999, 3_000_000]) {
    const stream = await from.open(claim, fromByte, signal)
    expect([stream.fromByte, stream.totalBytes]).toEqual([fromByte, archive.length])
    expect((await collect(stream.source)).equals(archive.subarray(fromByte))).toBe(true)
  }
})

test('walks the upper levels of the tree once', async () => {
  const { origin: from, blocks, root } = await origin()
  await from.versions(signal)
  await from.claim(release('v0.43.0'), signal)
  await from.claim(release('v0.20.0'), signal)
  expect(blocks.asked.filter(cid => cid === root).length).toBeLessThanOrEqual(2) // both lists are asked for at once
})

describe('blocks that are not to be had', () => {
  const broken = async (change: (blocks: MemoryBlocks, leaf: string) => void): Promise<{ from: Origin, reading: Promise<Buffer> }> => {
    const { origin: from, blocks } = await origin()
    const claim = (await from.claim(release('v0.43.0'), signal))!
    const seen = new Set(blocks.asked)
    await collect((await from.open(claim, 0, signal)).source)
    change(blocks, blocks.asked.findLast(cid => !seen.has(cid))!)
    return { from, reading: from.open(claim, 0, signal).then(async ({ source }) => await collect(source)) }
  }
  test.each<[string, (blocks: MemoryBlocks, leaf: string) => void]>([
    ['nobody has one', (blocks, leaf) => { blocks.blocks.delete(leaf) }],
    ['one has a wrong byte', (blocks, leaf) => { blocks.blocks.set(leaf, Uint8Array.from(blocks.blocks.get(leaf)!, (byte, i) => i === 0 ? byte ^ 1 : byte)) }],
    ['one is cut', (blocks, leaf) => { blocks.blocks.set(leaf, blocks.blocks.get(leaf)!.subarray(1)) }],
    ['one is huge', (blocks, leaf) => { blocks.blocks.set(leaf, new Uint8Array(3 * 1024 * 1024)) }],
  ])('%s: the origin is out of reach', async (_what, change) => {
    await expect((await broken(change)).reading).rejects.toMatchObject(UNREACHABLE)
  })

  test('a bug stays one', async () => {
    const from = ipfsOrigin({ name: 'x', blocks: { name: 'x', get: async () => { throw new TypeError('bug') } }, root: async () => ({ cid: 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e', proof: 'dnslink', host: 'x' }) })
    await expect(from.versions(signal)).rejects.toMatchObject({ name: 'TypeError' })
  })

  test('the signal stops it with its reason', async () => {
    const { origin: from } = await origin()
    const claim = (await from.claim(release('v0.43.0'), signal))!
    const stop = new AbortController()
    const { source } = await from.open(claim, 0, stop.signal)
    await expect((async () => { for await (const _ of source) stop.abort(new Error('enough')) })()).rejects.toThrow('enough')
  })
})

test('a root that did not answer is asked again', async () => {
  const { blocks, root } = await origin()
  let asked = 0
  const from = ipfsOrigin({ name: 'x', blocks, root: async () => { if (asked++ === 0) throw new Error('no DNS'); return { cid: root, proof: 'dnslink', host: 'x' } } })
  await expect(from.versions(signal)).rejects.toThrow('no DNS')
  expect((await from.versions(signal))?.versions.length).toBe(4)
  await from.claim(release('v0.43.0'), signal)
  expect(asked).toBeLessThanOrEqual(3)
})
