import { beforeAll, expect, test } from '@jest/globals'
import { isAppError } from '@ipkit/core/errors/app-error'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import fc from 'fast-check'
import { RecipeReader } from '../../src/domain/recipe/recipe-reader.ts'
import { encodeStep } from '../../src/domain/recipe/step-codec.ts'
import { STEP_LAYOUT } from '../../src/domain/recipe/step-layout.ts'
import type { Step, StepKind } from '../../src/domain/recipe/step.ts'
import { decodeStep } from '../../src/domain/recipe/step-codec.ts'
import { sourceText } from '../domain/deflate/texts.ts'
import { Bench } from './bench-of-files.ts'
import { anyFile, bgzfOf, mutate } from './hostile-input.ts'
import { pythonArchives } from './python-archives.ts'

const ROUNDS = 120
const seeds = fc.nat(2 ** 31)

let archives: Uint8Array[]
beforeAll(() => { archives = pythonArchives() })

test('whatever was done to an archive, it comes back as it was', async () => {
  await fc.assert(fc.asyncProperty(seeds, fc.integer({ min: 1, max: 3000 }), async (seed, piece) => {
    const random = seededRandom(seed)
    const bytes = mutate(anyFile(random, archives), random)
    await new Bench().thereAndBack(bytes, { piece })
  }), { numRuns: ROUNDS })
})

test('any bytes and any edit of them come back', async () => {
  const bench = new Bench()
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), seeds, async (bytes, seed) => {
    await bench.thereAndBack(bytes)
    await bench.thereAndBack(mutate(bytes, seededRandom(seed)))
  }), { numRuns: 60 })
})

test('bgzf that a byte was added to keeps most of its blocks, and its recipe is short', async () => {
  const bench = new Bench()
  const text = sourceText(700_000, 4)
  const { layers, notes } = await bench.thereAndBack(bgzfOf(text, 65_280))
  expect({ layers, notes }).toEqual({ layers: [{ format: 'gzip', encoder: 'chromium', level: 6, exact: true }], notes: [] })
  const before = bench.shelf.blocks.size
  await bench.thereAndBack(bgzfOf(Buffer.concat([Buffer.from('!'), text]), 65_280))
  expect(bench.shelf.blocks.size - before).toBeLessThan(12)
})

const anyStep: fc.Arbitrary<Step> = fc.constantFrom(...Object.keys(STEP_LAYOUT) as StepKind[]).chain(kind => fc.record(Object.fromEntries(STEP_LAYOUT[kind].fields.map(field => [
  field.name,
  field.of === 'number' ? fc.oneof(fc.constantFrom(field.min, field.max), fc.integer({ min: Math.max(field.min, -70_000), max: Math.min(field.max, 70_000) })) : fc.uint8Array({ minLength: field.min, maxLength: Math.min(field.max, 300) }),
]))).map(fields => ({ kind, ...fields }) as Step))

test('a step is read as it was written, and is not read before it is whole', () => {
  fc.assert(fc.property(anyStep, step => {
    const bytes = encodeStep(step)
    expect(decodeStep(bytes, 0)).toEqual({ step, end: bytes.length })
    for (let size = 0; size < bytes.length; size++) expect(decodeStep(bytes.subarray(0, size), 0)).toBeUndefined()
  }), { numRuns: 300 })
})

test('what reads as a step is written the same way, and garbage is refused', () => {
  const random = seededRandom(11)
  fc.assert(fc.property(anyStep, step => {
    const bytes = mutate(encodeStep(step), random)
    try {
      const read = decodeStep(bytes, 0)
      if (read !== undefined) expect(Buffer.from(encodeStep(read.step)).equals(bytes.subarray(0, read.end))).toBe(true)
    } catch (e) {
      if (!isAppError(e) || e.code !== 'RECIPE_INVALID') throw e
    }
  }), { numRuns: 3000 })
})

test('a recipe that somebody spoiled is refused or gives the same', async () => {
  const bench = new Bench()
  const original = archives[0]!
  const { root } = await bench.add(original)
  await fc.assert(fc.asyncProperty(seeds, async seed => {
    const random = seededRandom(seed)
    const source = (async function * () { yield * [mutate(await bench.recipe(root), random)] })()
    try {
      const reader = new RecipeReader(source)
      await reader.head()
      for await (const _ of reader.steps()) { /* all of them */ }
    } catch (e) {
      if (!isAppError(e) || e.code !== 'RECIPE_INVALID') throw e
    }
  }), { numRuns: 1000 })
})
