import { expect, test } from '@jest/globals'
import type { BulkStore } from '@ipkit/core/daemon/service'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { KnownBlocks } from '../../src/adapters/known-blocks.ts'
import type { BlockEntry } from '../../src/domain/keeping/block-entry.ts'
import { ShelfIndex, type KnownIds } from '../../src/domain/keeping/shelf-index.ts'
import { leaf } from './make-blocks.ts'

const entry = (refs: number): BlockEntry => ({ sizeBytes: 1, refs, whole: true, counted: true, place: { kind: 'file', file: 1, offset: 0 } })
const open = async (store: BulkStore, known: KnownIds): Promise<ShelfIndex> => await ShelfIndex.open({ store, known, syncPacks: async () => {}, onRolledBack: async e => e })
const anything: KnownIds = { add () {}, mayHave: () => true, missed () {} }
const refs = async (index: ShelfIndex, cid: string): Promise<number | undefined> => await index.change([cid], view => view.get(cid)?.refs)
const set = async (index: ShelfIndex, cid: string, count: number): Promise<void> => { await index.change([cid], view => { view.set(cid, entry(count)) }) }

/** Answers `getMany` as it was when it was asked, but only when it is let go. */
function slowStore (): BulkStore & { hold(): void, release(): Promise<void> } {
  const inner = memoryKeyValueStore()
  let held: Array<() => void> | undefined
  return {
    ...inner,
    hold () { held = [] },
    async release () {
      held?.forEach(go => { go() })
      held = undefined
      await new Promise(resolve => { setImmediate(resolve) })
    },
    async getMany (keys) {
      const values = await inner.getMany(keys)
      const waiting = held
      if (waiting !== undefined) await new Promise<void>(resolve => { waiting.push(resolve) })
      return values
    },
  }
}

test('an answer that a change has overtaken is not believed, then or later', async () => {
  const { cid } = leaf('x')
  for (const commits of [0, 1]) {
    const store = slowStore()
    let isKnown = true
    const index = await open(store, { ...anything, mayHave: () => isKnown })
    store.hold()
    const looking = refs(index, cid)
    await new Promise(resolve => { setImmediate(resolve) }) // the store has been asked
    isKnown = false
    await set(index, cid, 7)
    isKnown = true
    for (let i = 0; i < commits; i++) await index.commit()
    await store.release()
    expect(await looking).toBe(7)
    await index.commit()
    expect(await refs(index, cid)).toBe(7)
  }
})

test('a count that two change at the same time is changed by both', async () => {
  const { cid } = leaf('x')
  const store = slowStore()
  const index = await open(store, anything)
  await set(index, cid, 1)
  await index.commit()
  const add = async (): Promise<void> => { await index.change([cid], view => { view.set(cid, entry(view.get(cid)!.refs + 1)) }) }
  await Promise.all([add(), add(), index.commit(), add(), index.commit()])
  expect(await refs(index, cid)).toBe(4)
  await index.commit()
  expect(await refs(await open(store, anything), cid)).toBe(4)
})

test('who asks at the same time is answered by one call', async () => {
  const store = memoryKeyValueStore()
  const calls: number[] = []
  const index = await open({ ...store, getMany: async keys => { calls.push(keys.length); return await store.getMany(keys) } }, anything)
  const cids = Array.from({ length: 50 }, (_, i) => leaf(`${i}`).cid)
  expect(await Promise.all(cids.map(async cid => await refs(index, cid)))).toEqual(cids.map(() => undefined))
  expect(calls.length).toBeLessThan(4)
  await Promise.all(cids.map(async cid => await refs(index, cid)))
  expect(calls.reduce((sum, count) => sum + count, 0)).toBe(50) // and not asked again
})

test('the filter knows what was on its way to the store when it was made', async () => {
  const store = memoryKeyValueStore()
  const known = new KnownBlocks(store)
  let isSure = true
  const index = await open(store, { add: cid => { known.add(cid) }, mayHave: cid => !isSure && known.mayHave(cid), missed: (...args) => { known.missed(...args) } })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => leaf(name).cid) as [string, string, string, string]
  await set(index, a, 1)
  const committing = index.commit()
  await Promise.resolve()
  await set(index, b, 1)
  isSure = false
  expect(await refs(index, d)).toBeUndefined() // in vain: now the filter is made
  await set(index, c, 1)
  await committing
  await new Promise(resolve => { setImmediate(resolve) })
  await index.commit()
  expect(known.mayHave(d)).toBe(false)
  expect([await refs(index, a), await refs(index, b), await refs(index, c)]).toEqual([1, 1, 1])
})

test('a commit that fails undoes all that was not committed, and what comes after it is kept', async () => {
  const store = memoryKeyValueStore()
  let isFull = false
  const index = await open({ ...store, batch: async changes => { if (isFull) throw new Error('full'); await store.batch(changes) } }, anything)
  const [a, b] = ['a', 'b'].map(name => leaf(name).cid) as [string, string]
  await set(index, a, 1)
  await index.commit()
  await set(index, a, 2)
  await set(index, b, 0)
  isFull = true
  await expect(index.commit()).rejects.toThrow('full')
  expect([await refs(index, a), await refs(index, b), index.state.blocks, index.state.looseBytes]).toEqual([1, undefined, 1, 0])
  isFull = false
  await set(index, b, 3)
  await index.commit()
  const again = await open(store, anything)
  expect([await refs(again, a), await refs(again, b), again.state.blocks]).toEqual([1, 3, 2])
})
