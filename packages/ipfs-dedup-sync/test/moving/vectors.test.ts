import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { MemoryShelf } from '../../src/domain/keeping/memory-shelf.ts'
import { makePlan } from '../../src/domain/moving/make-plan.ts'
import { readPlan, type ReadPlan } from '../../src/domain/moving/read-plan.ts'
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from '../../src/wire.ts'
import { sha256 } from './memory-net.ts'

interface Message { readonly hex: string, readonly message: Record<string, unknown> }
interface Block { readonly cid: string, readonly block: string }
const vectors = JSON.parse(readFileSync(new URL('../../../../docs/protocols/vectors/dedup-sync.json', import.meta.url), 'utf8')) as {
  requests: Message[], answers: Message[], refusedRequests: Record<string, string>, refusedAnswers: Record<string, string>
  blocks: Record<string, string>, base: Block, root: Block, plan: string, toldPlan: string, refusedPlans: Record<string, string>
}
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const isHex = (value: unknown): value is { hex: string } => typeof value === 'object' && value !== null && 'hex' in value

/** As a test reads it: plain objects, bytes as hex. */
const shown = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_key, inner: unknown) => inner instanceof Uint8Array || ArrayBuffer.isView(inner) ? { hex: Buffer.from(inner as Uint8Array).toString('hex') } : inner)) as unknown

test('requests and answers are these bytes', () => {
  for (const { hex: bytes, message } of vectors.requests) {
    expect(shown(decodeRequest(hex(bytes)))).toEqual(message)
    expect(Buffer.from(encodeRequest(decodeRequest(hex(bytes)))).toString('hex')).toBe(bytes)
  }
  for (const { hex: bytes, message } of vectors.answers) {
    expect(shown(decodeAnswer(hex(bytes)))).toEqual(message)
    expect(Buffer.from(encodeAnswer(decodeAnswer(hex(bytes)))).toString('hex')).toBe(bytes)
  }
  expect(isHex(vectors.answers[3]!.message['record'])).toBe(true)
})

test.each(Object.entries(vectors.refusedRequests))('a request is refused: %s', (_name, bytes) => {
  expect(() => decodeRequest(hex(bytes))).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }))
})

test.each(Object.entries(vectors.refusedAnswers))('an answer is refused: %s', (_name, bytes) => {
  expect(() => decodeAnswer(hex(bytes))).toThrow(expect.objectContaining({ code: 'BAD_MESSAGE' }))
})

function shelfOf (of: Block, leaves: readonly string[]): MemoryShelf {
  const shelf = new MemoryShelf()
  for (const leaf of leaves) shelf.blocks.set(vectors.blocks[leaf]!, Uint8Array.from(Buffer.from(leaf)))
  shelf.blocks.set(of.cid, hex(of.block))
  return shelf
}
const here = shelfOf(vectors.base, ['aaaa', 'bXbb', 'cccc'])
const read = async (body: string): Promise<ReadPlan> => await readPlan({ blocks: here, sha256 }, vectors.root.cid, [vectors.base.cid], { directory: false, names: ['content'] }, hex(body))

test('the plan of the worked example', async () => {
  const { leaves, nodes, whole } = await read(vectors.plan)
  expect(leaves.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['bbbb'])
  expect(nodes.map(({ cid, bytes }) => [cid, Buffer.from(bytes).toString('hex')])).toEqual([[vectors.root.cid, vectors.root.block]])
  expect(whole).toBe(true)
  const told = await read(vectors.toldPlan)
  expect([told.whole, told.leaves, [...told.replaced]]).toEqual([false, [], [[vectors.blocks['bbbb'], { of: 0, start: 4, end: 8 }]]])
})

test('is what an answerer makes of it', async () => {
  const source = shelfOf(vectors.base, ['aaaa', 'bXbb', 'cccc'])
  for (const [cid, block] of shelfOf(vectors.root, ['aaaa', 'bbbb', 'cccc']).blocks) source.blocks.set(cid, block)
  const make = async (leafBytes: number): Promise<string> => Buffer.from((await makePlan({ blocks: source }, { root: vectors.root.cid, bases: [vectors.base.cid], hasOther: true, leafBytes })).body).toString('hex')
  expect(await make(4)).toBe(vectors.plan)
  expect(await make(3)).toBe(vectors.toldPlan)
})

test.each(Object.entries(vectors.refusedPlans))('a plan is refused: %s', async (_name, body) => {
  await expect(read(body)).rejects.toMatchObject({ code: expect.stringMatching(/^(BAD_MESSAGE|TREE_INVALID)$/) })
})
