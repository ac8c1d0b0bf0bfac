import { expect, test } from '@jest/globals'
import { rememberedBlocks } from '../../src/domain/remembered-blocks.ts'
import { MemoryBlocks } from '../memory-blocks.ts'
import { seededBytes } from '../seeded-bytes.ts'

test('what was asked for last is kept, up to the limit', async () => {
  const signal = new AbortController().signal
  const source = new MemoryBlocks()
  const [a, b, c, huge] = [seededBytes(40, 'a'), seededBytes(40, 'b'), seededBytes(40, 'c'), seededBytes(200, 'd')].map(bytes => source.put(bytes, 0x55)) as [string, string, string, string]
  const kept = rememberedBlocks(source, 100)
  for (const cid of [a, b, a, b, c, b, c]) expect(await kept.get(cid, signal)).toEqual(source.blocks.get(cid))
  expect(source.asked).toEqual([a, b, c])
  await kept.get(a, signal)
  await kept.get(huge, signal)
  await kept.get(huge, signal)
  expect(source.asked).toEqual([a, b, c, a, huge, huge])
})
