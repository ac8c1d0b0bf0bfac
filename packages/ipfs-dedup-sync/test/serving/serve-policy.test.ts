import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import type { KeptRoot } from '../../src/domain/keeping/shelf.ts'
import { EVERYTHING, NodeServePolicy } from '../../src/domain/serving/serve-policy.ts'
import { allowPeer, ANYONE, decodeRule, denyPeer, encodeRule, mayByRule, type ServeRule } from '../../src/domain/serving/serve-rules.ts'
import { fieldsOf, keyOf, nameOf, rootOf, versionHome } from '../version-world.ts'

const [ALICE, BOB, EVE] = ['alice', 'bob', 'eve']
const NAME = nameOf(1).text

/** Root 1 was added, root 2 is a version of the name, root 3 both, root 4 was pulled. */
async function world (): Promise<{ policy: NodeServePolicy, may: (root: number) => Promise<string>, unserve: () => Promise<void>, store: ReturnType<typeof memoryKeyValueStore> }> {
  const { histories, known } = await versionHome()
  await histories.publish(keyOf(1), fieldsOf(rootOf(2)))
  await histories.publish(keyOf(1), fieldsOf(rootOf(3)))
  const served = new Map([[rootOf(1), true], [rootOf(2), false], [rootOf(3), true], [rootOf(4), false]])
  const shelf = { root: async (root: string): Promise<KeptRoot | undefined> => served.has(root) ? { root, served: served.get(root)!, sizeBytes: 1, atMs: 0 } : undefined }
  const store = memoryKeyValueStore()
  const policy = new NodeServePolicy({ store, shelf, histories, known })
  return {
    policy, store,
    may: async n => (await Promise.all([ALICE, BOB, EVE].map(async peer => await policy.may(peer, rootOf(n)) ? peer[0] : '-'))).join(''),
    unserve: async () => { await known.change(nameOf(1), before => ({ ...before, served: false })) },
  }
}

test('what was added or published is given to anyone who knows it; nothing else is', async () => {
  const { may, policy } = await world()
  expect([await may(1), await may(2), await may(3), await may(4), await may(5)]).toEqual(['abe', 'abe', 'abe', '---', '---'])
  expect([await policy.mayAskFor(EVE, NAME), await policy.mayAskFor(EVE, nameOf(2).text)]).toEqual([true, false])
})

test('once a peer is named, only named ones', async () => {
  const { may, policy } = await world()
  await policy.allow(EVERYTHING, ALICE)
  expect([await may(1), await may(2)]).toEqual(['a--', 'a--'])
  expect([await policy.mayAskFor(ALICE, NAME), await policy.mayAskFor(EVE, NAME)]).toEqual([true, false])
  await policy.allow(EVERYTHING, undefined)
  expect(await may(1)).toBe('abe')
})

test('a rule for a root counts before those of names, those before the one for everything', async () => {
  const { may, policy } = await world()
  await policy.allow(NAME, BOB)
  expect([await may(1), await may(2), await may(3)]).toEqual(['abe', '-b-', 'abe']) // root 3 was added as well
  await policy.deny(rootOf(3), EVE)
  expect(await may(3)).toBe('ab-')
})

test('the first rule of a scope begins as what holds for it already', async () => {
  const { may, policy } = await world()
  await policy.allow(EVERYTHING, ALICE)
  await policy.deny(NAME, EVE)
  expect(await may(2)).toBe('a--')
  await policy.allow(NAME, BOB)
  expect([await may(2), await may(1)]).toEqual(['ab-', 'a--'])
  await policy.deny(rootOf(2), BOB)
  expect(await may(2)).toBe('a--')
})

test('deny anyone shuts out those that were named too', async () => {
  const { may, policy } = await world()
  await policy.allow(EVERYTHING, ALICE)
  await policy.deny(EVERYTHING, undefined)
  expect(await may(1)).toBe('---')
})

test('what is served no more is given to nobody, whatever the rules say', async () => {
  const { may, policy, unserve } = await world()
  await policy.allow(NAME, ALICE)
  await unserve()
  expect([await may(2), await policy.mayAskFor(ALICE, NAME)]).toEqual(['---', false])
})

test('who is pushed to may fetch that meanwhile, and not afterwards', async () => {
  const { may, policy } = await world()
  {
    using _first = policy.lend(EVE, rootOf(4))
    { using _second = policy.lend(EVE, rootOf(4)) }
    expect(await may(4)).toBe('--e')
  }
  expect(await may(4)).toBe('---')
})

test('only peers that are allowed by name may push', async () => {
  const { policy } = await world()
  expect(await policy.mayPush(ALICE, NAME)).toBe(false)
  await policy.allow(NAME, ALICE)
  expect([await policy.mayPush(ALICE, NAME), await policy.mayPush(ALICE, undefined), await policy.mayPush(BOB, NAME)]).toEqual([true, false, false])
  await policy.deny(EVERYTHING, ALICE)
  expect(await policy.mayPush(ALICE, NAME)).toBe(false)
})

test('a damaged rule lets nobody in, and saying it again begins shut', async () => {
  const { may, policy, store } = await world()
  await store.put(EVERYTHING, Uint8Array.of(1, 2, 3))
  expect(await may(1)).toBe('---')
  await policy.deny(EVERYTHING, EVE)
  expect(await may(1)).toBe('---')
  await policy.allow(EVERYTHING, BOB)
  expect(await may(1)).toBe('-b-')
})

test('deny never lets anybody in, allow nobody out but by naming, and a rule comes back as it was written', () => {
  const step = fc.record({ allow: fc.boolean(), peer: fc.constantFrom(ALICE, BOB, EVE, undefined) })
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), steps => {
    let rule: ServeRule = ANYONE
    for (const { allow, peer } of steps) {
      const before = rule
      rule = allow ? allowPeer(rule, peer) : denyPeer(rule, peer)
      expect(decodeRule('x', encodeRule(rule))).toEqual(rule)
      for (const who of [ALICE, BOB, EVE, 'stranger']) {
        if (!allow && !mayByRule(before, who)) expect(mayByRule(rule, who)).toBe(false)
        if (who === peer) expect(mayByRule(rule, who)).toBe(allow)
      }
    }
  }))
})
