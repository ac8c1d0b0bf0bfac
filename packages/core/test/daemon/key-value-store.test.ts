import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { ClassicLevel } from 'classic-level'
import { levelKeyValueStore } from '../../src/daemon/level-key-value-store.ts'
import type { BulkStore } from '../../src/daemon/service.ts'

type WithStores = (run: (mine: BulkStore, other: BulkStore) => Promise<void>) => Promise<void>
const inMemory: WithStores = async run => { await run(memoryKeyValueStore(), memoryKeyValueStore()) }
const onDisk: WithStores = async run => {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'level-'))
  const database = new ClassicLevel<string, Uint8Array>(dir, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await database.open()
  try {
    await run(levelKeyValueStore(database, 'service/a/'), levelKeyValueStore(database, 'service/b/'))
  } finally {
    await database.close()
    await fs.rm(dir, { recursive: true })
  }
}

describe.each([['in memory', inMemory], ['in LevelDB', onDisk]])('%s', (_name, withStores) => {
  test('keeps, lists in byte order, and sees only its own', async () => {
    await withStores(async (mine, other) => {
      expect(await mine.get('k')).toBeUndefined()
      await mine.put('k', Uint8Array.of(1, 2))
      await mine.put('k', Uint8Array.of(3))
      for (const key of ['m/b', 'm/a', 'm/\u00e9', 'm/Z', 'mm', 'm']) await mine.put(key, Buffer.from(key))
      await other.put('m/c', Uint8Array.of(9))
      expect([...(await mine.get('k'))!]).toEqual([3])
      expect(await other.get('k')).toBeUndefined()
      const listed: string[] = []
      for await (const { key, value } of mine.list('m/')) { expect(Buffer.from(value).toString()).toBe(key); listed.push(key) }
      expect(listed).toEqual(['m/Z', 'm/a', 'm/b', 'm/\u00e9'])
      await mine.delete('m/a')
      await mine.delete('m/a')
      const rest: string[] = []
      for await (const { key } of mine.list('')) rest.push(key)
      expect(rest).toEqual(['k', 'm', 'm/Z', 'm/b', 'm/\u00e9', 'mm'])
    })
  })
  test('takes and gives many at once, in order, and only its own', async () => {
    await withStores(async (mine, other) => {
      await other.put('a', Uint8Array.of(9))
      await mine.put('old', Uint8Array.of(1))
      await mine.batch([
        { key: 'a', value: Uint8Array.of(1) }, { key: 'b', value: Uint8Array.of(2) }, { key: 'old', value: undefined },
        { key: 'never', value: undefined }, { key: 'a', value: Uint8Array.of(3) }, { key: 'b', value: undefined }, { key: 'c', value: new Uint8Array(0) },
      ])
      expect((await mine.getMany(['c', 'a', 'b', 'old', 'never', 'a'])).map(value => value === undefined ? undefined : [...value])).toEqual([[], [3], undefined, undefined, undefined, [3]])
      expect([...(await other.get('a'))!]).toEqual([9])
      expect(await mine.getMany([])).toEqual([])
      await mine.batch([])
    })
  })
})
