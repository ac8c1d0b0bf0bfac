import { describe, expect, test } from '@jest/globals'
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { createRecord } from '@ipkit/core/names/create-record'
import { judgeFreshness, validityAtMs } from '@ipkit/core/names/validity'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { createCommit } from '../../src/domain/versions/commit.ts'
import { cidInRecord, LIFETIME_MS } from '../../src/domain/versions/histories.ts'
import { codeOf, collect, fieldsOf, keyOf, nameOf, rootOf, START_MS, versionHome } from '../version-world.ts'

const KEY = keyOf(1)
const NAME = nameOf(1)
const DAY_MS = 86_400_000

describe('publishing', () => {
  test('numbers versions from 1 on, each naming the one before', async () => {
    const { histories } = await versionHome()
    const made = []
    for (const n of [1, 2, 3]) made.push((await histories.publish(KEY, fieldsOf(rootOf(n)))).commit)
    expect(made.map(c => [c.number, c.parent])).toEqual([[1, undefined], [2, made[0]!.cid], [3, made[1]!.cid]])
    expect((await collect(histories.walk(NAME))).map(c => c.root)).toEqual([rootOf(3), rootOf(2), rootOf(1)])
    expect((await histories.version(NAME, 2)).cid).toBe(made[1]!.cid)
    expect((await histories.version(NAME, undefined)).cid).toBe(made[2]!.cid)
    expect(await codeOf(histories.version(NAME, 4))).toBe('VERSION_UNKNOWN')
    expect(await codeOf(histories.version(nameOf(2), undefined))).toBe('NAME_UNKNOWN')
    const { record } = (await histories.head(NAME))!
    expect(record.sequence).toBeGreaterThanOrEqual(3n)
    expect(cidInRecord(record)).toBe(made[2]!.cid)
  })

  test('makes no version of what is the newest already, and one of what was before', async () => {
    const { histories } = await versionHome()
    await histories.publish(KEY, fieldsOf(rootOf(1)))
    expect(await histories.publish(KEY, fieldsOf(rootOf(1)))).toMatchObject({ created: false, commit: { number: 1 } })
    await histories.publish(KEY, fieldsOf(rootOf(2)))
    expect(await histories.publish(KEY, fieldsOf(rootOf(1)))).toMatchObject({ created: true, commit: { number: 3 } })
    expect(await histories.namesOf(rootOf(1))).toEqual([NAME.text])
  })

  test('says what it made after a restart too', async () => {
    const { histories, store } = await versionHome()
    const { commit } = await histories.publish(KEY, fieldsOf(rootOf(1)))
    const again = await versionHome(store)
    expect((await again.histories.head(NAME))?.commit).toEqual(commit)
    expect(again.known.get(NAME)).toMatchObject({ file: 'data.bin', served: true })
  })

  test('of many at once each is a version', async () => {
    const { histories } = await versionHome()
    await Promise.all([1, 2, 3, 4, 5].map(async n => await histories.publish(KEY, fieldsOf(rootOf(n)))))
    expect((await collect(histories.walk(NAME))).map(c => c.number)).toEqual([5, 4, 3, 2, 1])
  })

  test('never uses a sequence twice, also where a crash was between', async () => {
    const { histories, known, store } = await versionHome()
    await histories.publish(KEY, fieldsOf(rootOf(1)))
    await known.change(NAME, before => ({ ...before, highest: 41n }))
    await (await versionHome(store)).histories.publish(KEY, fieldsOf(rootOf(2)))
    expect((await histories.head(NAME))!.record.sequence).toBe(42n)
  })

  test('is refused where the newest version is not here', async () => {
    const { histories, store } = await versionHome()
    const { commit } = await histories.publish(KEY, fieldsOf(rootOf(1)))
    await store.delete(`commit/${commit.cid}`)
    expect(await codeOf(histories.publish(KEY, fieldsOf(rootOf(2))))).toBe('HISTORY_DAMAGED')
  })
})

test('a crash at any write leaves the version before or the new one, and the next publish goes on', async () => {
  for (let dies = 0; ; dies++) {
    const store = memoryKeyValueStore()
    await (await versionHome(store)).histories.publish(KEY, fieldsOf(rootOf(1)))
    let writes = 0
    const dying: KeyValueStore = { ...store, async put (key, value) {
      if (writes++ >= dies) throw Object.assign(new Error('dead'), { code: 'DEAD' })
      await store.put(key, value)
    } }
    const died = await codeOf((await versionHome(dying)).histories.publish(KEY, fieldsOf(rootOf(2))))
    const { histories } = await versionHome(store)
    expect([1, 2]).toContain((await histories.head(NAME))!.commit.number)
    await histories.publish(KEY, fieldsOf(rootOf(3)))
    const roots = (await collect(histories.walk(NAME))).map(c => c.root)
    expect([[rootOf(3), rootOf(1)], [rootOf(3), rootOf(2), rootOf(1)]]).toContainEqual(roots)
    if (died === 'ok') { expect(dies).toBe(4); return }
  }
})

describe('the record', () => {
  test('is renewed at half of its life, with the same sequence', async () => {
    const { histories, clock } = await versionHome()
    await histories.publish(KEY, fieldsOf(rootOf(1)))
    const first = (await histories.head(NAME))!.record
    await histories.renew(KEY)
    expect((await histories.head(NAME))!.record.bytes).toEqual(first.bytes)
    clock.advance(LIFETIME_MS / 2 + DAY_MS)
    await histories.renew(KEY)
    const second = (await histories.head(NAME))!.record
    expect(second.sequence).toBe(first.sequence)
    expect(judgeFreshness(second.validity, clock.now())).toEqual({ state: 'fresh', leftMs: LIFETIME_MS })
  })

  test('answers also when it has expired', async () => {
    const { histories, clock } = await versionHome()
    await histories.publish(KEY, fieldsOf(rootOf(1)))
    clock.advance(LIFETIME_MS + DAY_MS)
    expect(await histories.head(NAME)).toMatchObject({ expired: true, commit: { number: 1 } })
  })

  test('of a web site is none of ours', async () => {
    const { histories } = await versionHome()
    const record = createRecord(KEY, { value: '/ipfs/bafkqaaa', sequence: 1n, validity: validityAtMs(START_MS + DAY_MS) })
    await histories.take(record, [])
    expect(await codeOf(histories.head(NAME))).toBe('RECORD_NOT_OURS')
  })
})

test('a fork is told, and the next version heals it', async () => {
  const { histories } = await versionHome()
  await histories.publish(KEY, fieldsOf(rootOf(1)))
  const { record } = (await histories.head(NAME))!
  const other = createCommit(KEY, { ...fieldsOf(rootOf(9)), number: 1, parent: undefined, atMs: START_MS })
  await histories.take(createRecord(KEY, { value: `/ipfs/${other.cid}`, sequence: record.sequence, validity: record.validity }), [other])
  expect((await histories.head(NAME))!.forked).toBe(true)
  expect(await histories.publish(KEY, fieldsOf(rootOf(2)))).toMatchObject({ created: true, healedFork: true, commit: { number: 2 } })
  expect((await histories.head(NAME))!.forked).toBe(false)
})

test('what is forgotten is in no history, and an older record of it is not believed afterwards', async () => {
  const { histories } = await versionHome()
  await histories.publish(KEY, fieldsOf(rootOf(1)))
  const { record: old, commit } = (await histories.head(NAME))!
  await histories.publish(KEY, fieldsOf(rootOf(2)))
  expect((await histories.forget(NAME)).sort()).toEqual([rootOf(1), rootOf(2)].sort())
  expect([await histories.head(NAME), await histories.namesOf(rootOf(1))]).toEqual([undefined, []])
  expect(await histories.take(old, [commit])).toEqual({ relation: 'older' })
})
