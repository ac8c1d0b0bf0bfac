import { expect, test } from '@jest/globals'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { fullDiskStore } from '../../src/adapters/full-disk-store.ts'

const failing = (e: Error): ReturnType<typeof fullDiskStore> => fullDiskStore({ ...memoryKeyValueStore(), put: async () => { throw e }, delete: async () => { throw e } })

test.each<[string, Error, string]>([
  ['the system says it', Object.assign(new Error('write'), { code: 'ENOSPC' }), 'DISK_FULL'],
  ['LevelDB repeats it', Object.assign(new Error('IO error: 000012.log: No space left on device'), { code: 'LEVEL_IO_ERROR' }), 'DISK_FULL'],
  ['it stands behind another error', new Error('put failed', { cause: new Error('IO error: Disk quota exceeded') }), 'DISK_FULL'],
  ['it is something else', Object.assign(new Error('corrupt'), { code: 'LEVEL_CORRUPTION' }), 'LEVEL_CORRUPTION'],
])('a write that fails because %s', async (_name, e, code) => {
  await expect(failing(e).put('a', new Uint8Array())).rejects.toMatchObject({ code })
  await expect(failing(e).delete('a')).rejects.toMatchObject({ code })
})

test('what works is handed on', async () => {
  const store = fullDiskStore(memoryKeyValueStore())
  await store.put('a', Uint8Array.of(1))
  expect(await store.get('a')).toEqual(Uint8Array.of(1))
  const listed = []
  for await (const item of store.list('')) listed.push(item.key)
  await store.delete('a')
  expect([listed, await store.get('a')]).toEqual([['a'], undefined])
})
