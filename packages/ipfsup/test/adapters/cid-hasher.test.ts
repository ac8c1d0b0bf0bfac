import { createCipheriv, createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { seededBytes } from '../seeded-bytes.ts'
import fc from 'fast-check'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import type { CID } from 'multiformats/cid'
import { CidHasher, cidHashers, KUBO_V1, UNIXFS_V0_2015, UNIXFS_V1_2025, type CidProfile } from '../../src/adapters/cid-hasher.ts'

const ours = (profile: CidProfile, chunks: readonly Uint8Array[]): string => {
  const hasher = new CidHasher(profile)
  for (const chunk of chunks) hasher.update(chunk)
  return hasher.digest()
}

/** What the reference implementation says. */
async function theirs ({ version, rawLeaves, chunkBytes, maxLinks }: CidProfile, content: Uint8Array): Promise<string> {
  const nowhere = { put: async (cid: CID) => cid } as never
  for await (const { cid } of importer([{ content }], nowhere, {
    cidVersion: version, rawLeaves, chunker: fixedSize({ chunkSize: chunkBytes }), layout: balanced({ maxChildrenPerNode: maxLinks }), reduceSingleLeafToSelf: true,
  })) return cid.toString()
  throw new Error('no entry')
}

const SMALL: readonly CidProfile[] = [
  { version: 0, rawLeaves: false, chunkBytes: 16, maxLinks: 3 },
  { version: 1, rawLeaves: true, chunkBytes: 16, maxLinks: 3 },
  { version: 1, rawLeaves: true, chunkBytes: 7, maxLinks: 2 },
  { version: 1, rawLeaves: false, chunkBytes: 16, maxLinks: 4 },
]
const around = (n: number): number[] => [n - 1, n, n + 1]

describe.each(SMALL)('version $version, leaves raw: $rawLeaves, chunks of $chunkBytes bytes, $maxLinks links', profile => {
  const { chunkBytes, maxLinks } = profile
  const sizes = [...new Set([0, ...[1, chunkBytes, 2 * chunkBytes, maxLinks * chunkBytes, (maxLinks + 1) * chunkBytes, maxLinks ** 2 * chunkBytes, (maxLinks ** 2 + 1) * chunkBytes, maxLinks ** 3 * chunkBytes].flatMap(around)])]
  test.each(sizes)('%i bytes are what the reference implementation says', async size => {
    const bytes = seededBytes(size)
    expect(ours(profile, [bytes])).toBe(await theirs(profile, bytes))
  })

  test('any size, cut in any way', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat({ max: 40 }), { maxLength: 50 }), async (bytes, cuts) => {
      const chunks: Uint8Array[] = []
      let at = 0
      for (const length of cuts) { chunks.push(bytes.subarray(at, at + length)); at = Math.min(bytes.length, at + length) }
      expect(ours(profile, [...chunks, bytes.subarray(at)])).toBe(await theirs(profile, bytes))
    }))
  })
})

// The CIDs are those of Kubo's own tests (test/cli/cid_profiles_test.go) and of its documents; the bytes are ChaCha20 (RFC 8439) of zeros under the SHA-256 of a word.
const text = (words: string): Uint8Array => new TextEncoder().encode(words)
function * chacha (word: string, sizeBytes: number): Generator<Uint8Array> {
  const cipher = createCipheriv('chacha20', createHash('sha256').update(word).digest(), Buffer.alloc(16))
  const zeros = Buffer.alloc(1024 * 1024)
  for (let at = 0; at < sizeBytes; at += zeros.length) yield cipher.update(zeros.subarray(0, Math.min(zeros.length, sizeBytes - at)))
}
const KIB = 1024
const MIB = 1024 * KIB

describe('known CIDs', () => {
  test.each<[string, string, CidProfile, Iterable<Uint8Array>]>([
    ['nothing, version 0', 'QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH', UNIXFS_V0_2015, []],
    ['nothing, version 1', 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku', UNIXFS_V1_2025, []],
    ['hello world, version 0', 'Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD', UNIXFS_V0_2015, [text('hello world')]],
    ['hello world and a line feed, version 0', 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o', UNIXFS_V0_2015, [text('hello world\n')]],
    ['hello world, version 1', 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e', UNIXFS_V1_2025, [text('hello '), text('world')]],
    ['174 chunks of version 0', 'QmUbBALi174SnogsUzLpYbD4xPiBSFANF4iztWCsHbMKh2', UNIXFS_V0_2015, chacha('v0-seed', 44544 * KIB)],
    ['175 chunks of version 0', 'QmepeWtdmS1hHXx1oZXsPUv6bMrfRRKfZcoPPU4eEfjnbf', UNIXFS_V0_2015, chacha('v0-seed', 44800 * KIB)],
    ['one chunk of version 1', 'bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta', UNIXFS_V1_2025, chacha('chunk-v1-seed', MIB)],
    ['one chunk of version 1 and a byte', 'bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64', UNIXFS_V1_2025, chacha('chunk-v1-seed', MIB + 1)],
    ['1024 chunks of version 1', 'bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm', UNIXFS_V1_2025, chacha('v1-2025-seed', 1024 * MIB)],
    ['1024 chunks of version 1 and a byte', 'bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe', UNIXFS_V1_2025, chacha('v1-2025-seed', 1024 * MIB + 1)],
  ])('%s', (_what, cid, profile, chunks) => {
    const hasher = new CidHasher(profile)
    for (const chunk of chunks) hasher.update(chunk)
    expect(hasher.digest()).toBe(cid)
  })
})

describe('a wanted CID', () => {
  const bytes = seededBytes(3 * MIB + 5)
  const run = (wanted: string | undefined): ReturnType<ReturnType<typeof cidHashers>['digest']> => {
    const hashers = cidHashers(wanted)
    hashers.update(bytes)
    return hashers.digest()
  }
  const of = (profile: CidProfile): string => ours(profile, [bytes])

  test.each([['unixfs-v0-2015', UNIXFS_V0_2015], ['unixfs-v1-2025', UNIXFS_V1_2025], ['what Kubo did before for version 1', KUBO_V1]])('matches by %s', (_name, profile) => {
    expect(run(of(profile))).toEqual({ matches: true, cid: of(profile) })
  })

  test('of other bytes does not match, and the right one is told', () => {
    expect(run(ours(UNIXFS_V0_2015, [bytes, Uint8Array.of(0)]))).toEqual({ matches: false, cid: of(UNIXFS_V0_2015) })
    expect(run(ours(KUBO_V1, [bytes, Uint8Array.of(0)]))).toEqual({ matches: false, cid: of(UNIXFS_V1_2025) })
  })

  test('there is none: it is told', () => {
    expect(run(undefined)).toEqual({ matches: undefined, cid: of(UNIXFS_V1_2025) })
  })
})
