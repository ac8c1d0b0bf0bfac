import { expect, test } from '@jest/globals'
import { AppError } from '@ipkit/core/errors/app-error'
import { bitswapFetcher } from '../../src/adapters/bitswap-fetcher.ts'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import { pullBlocks, type BlockFetcher } from '../../src/domain/moving/pull-blocks.ts'
import { streamBytes } from '../chunking/make-bytes.ts'
import { sha256 } from './memory-net.ts'
import { addParts, readBack } from './shelved.ts'

const parts = { content: streamBytes('blocks', 2_000_000), recipe: streamBytes('recipe', 500) }

async function run (here: MemoryShelf, fetcher: BlockFetcher, root: string): Promise<{ fetchedBytes: number, fetchedBlocks: number }> {
  await using session = await here.begin()
  return await pullBlocks({ shelf: here, session, fetcher, sha256, signal: new AbortController().signal, onProgress: () => {} }, root)
}

/** Over bitswap as the host has it: undefined is "not here". */
const overBitswap = (source: MemoryShelf): BlockFetcher => bitswapFetcher({ host: { bitswapGet: async (_peer, cid) => source.blocks.get(cid) }, blocks: { get: async () => { throw new AppError('BLOCK_NOT_FOUND', 'nobody') } }, peers: [['/ip4/127.0.0.1/tcp/1/p2p/x']] })

test('a root comes block by block, each once, and goes on where it stopped', async () => {
  const [source, here] = [new MemoryShelf(), new MemoryShelf()]
  const root = await addParts(source, parts)
  let left = 60
  const asked: string[] = []
  const bitswap = overBitswap(source)
  const stopping: BlockFetcher = { get: async (cid, signal) => { if (left-- === 0) throw new AppError('PEER_HUNG_UP', 'gone'); asked.push(cid); return await bitswap.get(cid, signal) } }
  await expect(run(here, stopping, root)).rejects.toMatchObject({ code: 'PEER_HUNG_UP' })
  await run(here, stopping, root)
  expect(Buffer.compare(await readBack(here, root), parts.content)).toBe(0)
  expect(Buffer.compare(await readBack(here, root, 'recipe'), parts.recipe)).toBe(0)
  expect(new Set(asked).size).toBe(asked.length)
  expect(asked.length).toBe(source.blocks.size)
})

test('other bytes than those of the CID are refused', async () => {
  const [source, here] = [new MemoryShelf(), new MemoryShelf()]
  const root = await addParts(source, parts)
  await expect(run(here, { get: async cid => cid === root ? source.blocks.get(cid)! : Uint8Array.of(1, 2, 3) }, root)).rejects.toMatchObject({ code: 'PEER_LIED', exit: 'refused' })
  expect(here.blocks.size).toBe(0)
})

test('a named peer that has nothing says so, and the others that are connected are not asked', async () => {
  const fetcher = overBitswap(new MemoryShelf())
  await expect(fetcher.get('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku', new AbortController().signal)).rejects.toMatchObject({ code: 'BLOCK_NOT_FOUND', exit: 'notFound' })
})
