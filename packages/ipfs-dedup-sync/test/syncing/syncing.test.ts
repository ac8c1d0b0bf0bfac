import { describe, expect, test } from '@jest/globals'
import { createRecord } from '@ipkit/core/names/create-record'
import { nameFromPublicKey } from '@ipkit/core/names/ipns-name'
import { validityAtMs } from '@ipkit/core/names/validity'
import type { Restored } from '../../src/domain/recipe/restored.ts'
import type { Outlet, OutputPlace, Work } from '../../src/domain/syncing/sync-ports.ts'
import { addToShelf, publishVersion, type PublishInput, type Publication } from '../../src/domain/syncing/adding.ts'
import { findTarget } from '../../src/domain/syncing/find-target.ts'
import { forgetTarget } from '../../src/domain/syncing/forgetting.ts'
import { takeHead } from '../../src/domain/syncing/following.ts'
import { listRoots, logOf } from '../../src/domain/syncing/listing.ts'
import { pullTarget, type Pulled, type PullInput } from '../../src/domain/syncing/pulling.ts'
import { setServed } from '../../src/domain/serving/serve-target.ts'
import { watchName } from '../../src/domain/syncing/watching.ts'
import { createCommit } from '../../src/domain/versions/commit.ts'
import { codeOf, collect, fieldsOf, keyOf, rootOf, START_MS } from '../version-world.ts'
import { connect, syncHome, work, type SyncHome } from '../sync-world.ts'

const NOTHING = (async function * () {})()
const input = (more: Partial<PublishInput> = {}): PublishInput => ({ path: '/x/data.bin', upload: NOTHING, chunker: null, gearKey: null, noCopy: false, key: null, note: '', ...more })
async function publish (home: SyncHome, text: string, more: Partial<PublishInput> = {}): Promise<Publication> {
  home.files.set('/x/data.bin', text)
  return await publishVersion(home.deps, input(more), work)
}
const pull = async (home: SyncHome, target: string, more: Partial<PullInput> = {}): Promise<Pulled> => await pullTarget(home.deps, { target, from: [], output: undefined, dryRun: false, ...more }, work)
const at = (path: string, overwrite = false): PullInput['output'] => ({ path, into: false, overwrite, umask: 0o22 })
const nameOf = ({ commit }: Publication): string => commit.name.text

describe('publishing', () => {
  test('makes a key called after the file, and the next version under it', async () => {
    const home = await syncHome('a')
    expect([await publish(home, 'one'), await publish(home, 'two')].map(p => [p.key, p.commit.number, p.created])).toEqual([['data.bin', 1, true], ['data.bin', 2, true]])
    expect(await publish(home, 'two')).toMatchObject({ created: false, commit: { number: 2 } })
    expect((await collect(logOf(home.deps, 'data.bin@1'))).map(({ commit, kept }) => [commit.number, kept])).toEqual([[1, true]])
  })

  test('leaves no key behind for what cannot be read', async () => {
    const home = await syncHome('a')
    expect(await codeOf(publishVersion(home.deps, input({ path: '/nowhere' }), work))).toBe('FILE_NOT_FOUND')
    expect([...home.keys.keys()]).toEqual(['self'])
  })

  test('takes no key that stands for something else, unless it is named; and warns then', async () => {
    const home = await syncHome('a')
    home.keys.set('data.bin', keyOf(7))
    expect(await codeOf(publish(home, 'one'))).toBe('KEY_IN_USE')
    expect((await publish(home, 'one', { key: 'data.bin' })).warnings).toEqual([expect.objectContaining({ code: 'NAME_SHARED' })])
    expect((await publish(home, 'two')).warnings).toEqual([])
    expect((await publish(home, 'two', { key: 'self' })).warnings).toEqual([expect.objectContaining({ code: 'NAME_SHARED' })])
  })

  test('of standard input needs a key', async () => {
    const home = await syncHome('a')
    expect(await codeOf(publishVersion(home.deps, input({ path: null }), work))).toBe('KEY_NAME_INVALID')
  })

  test('asks those in reach before the first version under a key that was brought along', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const first = await publish(a, 'one', { key: 'photos' })
    b.keys.set('photos', a.keys.get('photos')!)
    expect(await publish(b, 'two', { key: 'photos' })).toMatchObject({ commit: { number: 2, parent: first.commit.cid } })
  })
})

test('a dry run stores nothing, and says what it would be', async () => {
  const home = await syncHome('a')
  home.files.set('/x/data.bin', 'one')
  const dry = await addToShelf(home.deps, { ...input(), dryRun: true }, work)
  expect([dry.newBytes, await home.deps.shelf.root(dry.root), await home.deps.shelf.has([dry.root])]).toEqual([3, undefined, [false]])
  expect(await addToShelf(home.deps, { ...input(), dryRun: false }, work)).toMatchObject({ root: dry.root, newBytes: 3 })
})

describe('pulling a name', () => {
  test('fetches its newest version, then only what is new; older ones by number; and serves it on', async () => {
    const [a, b, c] = [await syncHome('a'), await syncHome('b'), await syncHome('c')]
    connect(a, b)
    const name = nameOf(await publish(a, 'one'))
    expect(await pull(b, name, { from: [['a']], output: at('/b') })).toMatchObject({ file: '/b', commit: { number: 1 }, receivedBytes: 3 })
    await publish(a, 'two')
    await publish(a, 'three')
    await publish(a, 'four')
    expect(await codeOf(pull(b, name, { output: at('/b') }))).toBe('FILE_EXISTS')
    expect(await pull(b, 'data.bin', { output: at('/b', true) })).toMatchObject({ commit: { number: 4 } })
    expect(await pull(b, `${name}@2`, { output: at('/2') })).toMatchObject({ commit: { number: 2 } })
    expect([b.written.get('/b'), b.written.get('/2')]).toEqual(['four', 'two'])
    connect(b, c)
    expect(await pull(c, name, { output: at('/c') })).toMatchObject({ commit: { number: 4 } })
    expect(c.written.get('/c')).toBe('four')
  })

  test('asks for nothing that is here already', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const name = nameOf(await publish(a, 'one'))
    await pull(b, name)
    expect(await pull(b, name)).toMatchObject({ receivedBytes: 0, newBytes: 0 })
  })

  test('names no root to a peer but versions of the same name, or what came from it', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    b.files.set('/x/data.bin', 'secret of b')
    await addToShelf(b.deps, { ...input(), dryRun: false }, work)
    const name = nameOf(await publish(a, 'one'))
    const one = (await pull(b, name)).root
    await publish(a, 'two')
    await pull(b, name)
    expect(b.told).toEqual([one])
    a.files.set('/x/data.bin', 'three')
    const { root } = await addToShelf(a.deps, { ...input(), dryRun: false }, work)
    await pull(b, root, { from: [['a']] })
    expect(b.told).not.toContain((await addToShelf(b.deps, { ...input(), dryRun: true }, work)).root)
    expect(b.told.length).toBe(3)
  })

  test('is answered from here, with a warning, when nobody has anything newer and the record has expired', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const name = nameOf(await publish(a, 'one'))
    await pull(b, name)
    b.peers.clear()
    b.clock.advance(60 * 86_400_000)
    const pulled = await pull(b, name, { output: at('/b') })
    expect([pulled.warnings.map(w => w.code), b.written.get('/b')]).toEqual([['EXPIRED'], 'one'])
  })

  test('does not go back behind what was seen', async () => {
    const [a, b, old] = [await syncHome('a'), await syncHome('b'), await syncHome('old')]
    connect(a, b, old)
    const name = nameOf(await publish(a, 'one'))
    await pull(old, name, { from: [['a']] })
    await publish(a, 'two')
    await pull(b, name, { from: [['a']] })
    const pulled = await pull(b, name, { from: [['old']] })
    expect([pulled.commit?.number, pulled.warnings.map(w => w.code)]).toEqual([2, ['OLDER']])
  })

  test('says that a history was written anew', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const name = nameOf(await publish(a, 'one'))
    await pull(b, name)
    const twin = await syncHome('twin')
    twin.keys.set('data.bin', a.keys.get('data.bin')!)
    await publish(twin, 'another', { key: 'data.bin' }) // with nobody in reach who could have warned
    await publish(twin, 'and more')
    connect(twin, b)
    const pulled = await pull(b, name, { from: [['twin']] })
    expect([pulled.commit?.number, pulled.warnings.map(w => w.code)]).toEqual([2, ['HISTORY_FORKED']])
  })

  test('is refused to who may not have it', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const made = await publish(a, 'one')
    await a.deps.policy.allow(nameOf(made), 'c')
    expect([await codeOf(pull(b, nameOf(made), { from: [['a']] })), await codeOf(pull(b, made.commit.root, { from: [['a']] }))]).toEqual(['NAME_UNKNOWN', 'NOT_HERE'])
    await a.deps.policy.allow(nameOf(made), 'b')
    expect(await pull(b, nameOf(made), { from: [['a']] })).toMatchObject({ commit: { number: 1 } })
  })

  test('with nobody in reach says so', async () => {
    const b = await syncHome('b')
    expect([await codeOf(pull(b, nameFromPublicKey(keyOf(1).publicKey).text)), await codeOf(pull(b, rootOf(1))), await codeOf(pull(b, 'nonsense'))]).toEqual(['NAME_UNKNOWN', 'ROOT_NOT_FOUND', 'TARGET_UNKNOWN'])
  })

  test('takes nothing of an answer that does not hold together', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    await publish(a, 'one')
    const name = nameOf(await publish(a, 'two'))
    const key = a.keys.get('data.bin')!
    const record = (value: string, sequence = 9n): Uint8Array => createRecord(key, { value, sequence, validity: validityAtMs(START_MS + 1e9) }).bytes
    const foreign = createCommit(keyOf(3), { ...fieldsOf(rootOf(1)), number: 1, parent: undefined, atMs: START_MS })
    const loose = createCommit(key, { ...fieldsOf(rootOf(1)), number: 5, parent: foreign.cid, atMs: START_MS })
    for (const [bend, code] of [
      [(x: Parameters<SyncHome['bend']>[0]) => ({ ...x, record: x.record.map((byte, i) => i === x.record.length - 9 ? byte ^ 1 : byte) }), /^RECORD_/],
      [(x: Parameters<SyncHome['bend']>[0]) => ({ ...x, commits: x.commits.map(block => block.map((byte, i) => i === block.length - 1 ? byte ^ 1 : byte)) }), /^COMMIT_SIGNATURE_INVALID$/],
      [(x: Parameters<SyncHome['bend']>[0]) => ({ ...x, commits: x.commits.slice(1) }), /^HISTORY_INCOMPLETE$/],
      [(x: Parameters<SyncHome['bend']>[0]) => ({ ...x, commits: [] }), /^HISTORY_INCOMPLETE$/],
      [(x: Parameters<SyncHome['bend']>[0]) => ({ ...x, commits: [...x.commits].reverse() }), /^HISTORY_INCOMPLETE$/],
      [() => ({ record: record(`/ipfs/${foreign.cid}`), commits: [foreign.bytes] }), /^HISTORY_INCOMPLETE$/],
      [() => ({ record: record(`/ipfs/${loose.cid}`), commits: [loose.bytes] }), /^HISTORY_INCOMPLETE$/],
      [() => ({ record: record('/ipfs/bafkqaaa'), commits: [] }), /^RECORD_NOT_OURS$/],
    ] as const) {
      b.bend = bend
      expect(await codeOf(pull(b, name, { from: [['a']] }))).toMatch(code)
      expect(b.deps.known.all()).toEqual([])
    }
    b.bend = answer => answer
    expect(await pull(b, name)).toMatchObject({ commit: { number: 2 } })
  })

  test('never writes a file of another hash than the one that is signed', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const { commit } = await publish(a, 'one')
    const lie = createCommit(a.keys.get('data.bin')!, { ...commit, number: 2, parent: commit.cid, sha256: new Uint8Array(32) })
    await a.deps.histories.take(createRecord(a.keys.get('data.bin')!, { value: `/ipfs/${lie.cid}`, sequence: 9n, validity: validityAtMs(START_MS + 1e9) }), [lie])
    expect(await codeOf(pull(b, commit.name.text, { output: at('/b') }))).toBe('RESTORED_WRONG')
    expect(b.written.size).toBe(0)
  })
})

describe('a name of somebody else that calls what is ours its version', () => {
  const KEY = keyOf(66)
  const NAME = nameFromPublicKey(KEY.publicKey)
  const recordOf = (cid: string): Uint8Array => createRecord(KEY, { value: `/ipfs/${cid}`, sequence: 1n, validity: validityAtMs(START_MS + 1e9) }).bytes

  test('is refused when its record names a version of our name: forgetting it would take our history along', async () => {
    const home = await syncHome('a')
    const { commit } = await publish(home, 'one')
    expect(await codeOf(takeHead(home.deps, NAME, { record: recordOf(commit.cid), commits: [] }))).toBe('HISTORY_INCOMPLETE')
    await home.deps.known.change(NAME, known => ({ ...known, atMs: 1 }))
    await forgetTarget(home.deps, NAME.text)
    expect((await collect(logOf(home.deps, commit.name.text))).length).toBe(1)
  })

  test('opens nothing: what is not served stays so', async () => {
    const home = await syncHome('a')
    home.files.set('/x/secret', 'secret')
    const { root } = await addToShelf(home.deps, { ...input({ path: '/x/secret' }), dryRun: false }, work)
    await setServed(home.deps, root, false)
    const claim = createCommit(KEY, { ...fieldsOf(root, { sizeBytes: 6 }), number: 1, parent: undefined, atMs: START_MS })
    await takeHead(home.deps, NAME, { record: recordOf(claim.cid), commits: [claim.bytes] })
    await home.deps.known.change(NAME, known => ({ ...known, served: true, atMs: 1 }))
    expect(await home.deps.policy.may('e', root)).toBe(false)
    expect((await listRoots(home.deps)).map(({ served }) => served)).toEqual([false])
  })
})

test('a peer that makes up versions without end is asked no more: it has not the key', async () => {
  const [a, b] = [await syncHome('a'), await syncHome('b')]
  connect(a, b)
  const { commit } = await publish(a, 'one')
  let asked = 0
  const made = createCommit(keyOf(67), { ...fieldsOf(rootOf(1)), number: 1000, parent: commit.cid, atMs: START_MS })
  b.bend = answer => {
    asked++
    return { ...answer, commits: [made.bytes] }
  }
  expect(await codeOf(pull(b, commit.name.text, { from: [['a']] }))).toBe('HISTORY_INCOMPLETE')
  expect(asked).toBe(1)
})

test('watching writes the newest version, then each new one once, over what it wrote and nothing else', async () => {
  const [a, b] = [await syncHome('a'), await syncHome('b')]
  connect(a, b)
  const name = nameOf(await publish(a, 'one'))
  const stop = new AbortController()
  const seen: number[] = []
  const places: OutputPlace[] = []
  const outlet: Outlet = { ...b.deps.outlet, write: async (restored, place, ...rest) => {
    places.push(place)
    return await b.deps.outlet.write(restored, { ...place, path: '/in/w' }, ...rest)
  } }
  const watching = (async () => {
    for await (const { pulled } of watchName({ ...b.deps, outlet }, { target: name, from: [], output: { ...at('/in')!, into: true }, everyMs: 1000 }, { ...work, signal: stop.signal })) seen.push(pulled.commit!.number)
  })().catch(() => {})
  const until = async (n: number): Promise<void> => {
    for (let i = 0; i < 200 && seen.length < n; i++) {
      b.clock.advance(1000)
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
  await until(1)
  b.peers.clear()
  await until(1)
  await publish(a, 'two')
  connect(a, b)
  await until(2)
  for (let i = 0; i < 20; i++) { b.clock.advance(1000); await new Promise(resolve => { setImmediate(resolve) }) }
  stop.abort(new Error('over'))
  await watching
  expect([seen, b.written.get('/in/w')]).toEqual([[1, 2], 'two'])
  expect(places).toEqual([{ ...at('/in'), into: true }, at('/in/w', true)])
})

test('watching does not replace what stood there before it', async () => {
  const [a, b] = [await syncHome('a'), await syncHome('b')]
  connect(a, b)
  const name = nameOf(await publish(a, 'one'))
  b.written.set('/mine', 'of my own')
  const first = async (overwrite: boolean): Promise<unknown> => await watchName(b.deps, { target: name, from: [], output: at('/mine', overwrite), everyMs: 1000 }, work).next()
  expect([await codeOf(first(false)), b.written.get('/mine')]).toEqual(['FILE_EXISTS', 'of my own'])
  await first(true)
  expect(b.written.get('/mine')).toBe('one')
})

test('a version that cannot be one is told as such, and a root may stand behind /ipfs/', async () => {
  const home = await syncHome('a')
  const { commit } = await publish(home, 'one')
  const found = async (text: string): Promise<string | undefined> => await codeOf(findTarget(home.deps, text))
  expect(await Promise.all(['data.bin@0', 'data.bin@x', 'data.bin@', 'data.bin@01', 'other@0'].map(found))).toEqual(['VERSION_INVALID', 'VERSION_INVALID', 'VERSION_INVALID', 'VERSION_INVALID', 'TARGET_UNKNOWN'])
  expect(await findTarget(home.deps, `/ipfs/${commit.root}`)).toEqual({ kind: 'root', root: commit.root })
})

test('watching into a folder: a publisher who calls the next version otherwise replaces nothing that was there', async () => {
  const [a, b] = [await syncHome('a'), await syncHome('b')]
  connect(a, b)
  const name = nameOf(await publish(a, 'one', { key: 'k' }))
  const places: Array<OutputPlace & { readonly name: string }> = []
  const write = b.deps.outlet.write
  const outlet = { ...b.deps.outlet, write: async (restored: Restored, place: OutputPlace, called: string, w: Work) => {
    places.push({ ...place, name: called })
    return { ...await write(restored, place, called, w), file: place.into ? `${place.path}/${called}` : place.path }
  } }
  const stop = new AbortController()
  const watching = (async () => {
    for await (const _ of watchName({ ...b.deps, outlet }, { target: name, from: [], output: { path: '/w', into: true, overwrite: false, umask: 0 }, everyMs: 1000 }, { ...work, signal: stop.signal })) { /* written */ }
  })().catch(() => {})
  const until = async (n: number): Promise<void> => {
    for (let i = 0; i < 200 && places.length < n; i++) {
      b.clock.advance(1000)
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
  await until(1)
  a.files.set('/x/.bashrc', 'two')
  await publishVersion(a.deps, input({ path: '/x/.bashrc', key: 'k' }), work)
  await until(2)
  stop.abort(new Error('over'))
  await watching
  expect(places).toEqual([
    expect.objectContaining({ path: '/w', into: true, overwrite: false, name: 'data.bin' }),
    expect.objectContaining({ path: '/w/data.bin', into: false, overwrite: true }),
  ])
})

describe('forgetting', () => {
  test('a version leaves it in the history, not on the shelf', async () => {
    const home = await syncHome('a')
    await publish(home, 'one')
    await publish(home, 'two')
    const { roots } = await forgetTarget(home.deps, 'data.bin@1')
    expect(roots.length).toBe(1)
    expect((await collect(logOf(home.deps, 'data.bin'))).map(({ kept }) => kept)).toEqual([true, false])
    expect(await codeOf(forgetTarget(home.deps, 'data.bin@1'))).toBe('ROOT_UNKNOWN')
  })

  test('a name of ours as a whole is refused; of a followed one all goes', async () => {
    const [a, b] = [await syncHome('a'), await syncHome('b')]
    connect(a, b)
    const name = nameOf(await publish(a, 'one'))
    await pull(b, name)
    expect(await codeOf(forgetTarget(a.deps, name))).toBe('NAME_OURS')
    expect(await forgetTarget(b.deps, name)).toMatchObject({ nameForgotten: true, roots: [expect.any(String)] })
    expect(await codeOf(forgetTarget(b.deps, name))).toBe('NAME_UNKNOWN')
    expect(await pull(b, name, { from: [['a']] })).toMatchObject({ commit: { number: 1 } })
  })
})
