import { expect, test } from '@jest/globals'
import type { DeflateEngine } from '../../../src/domain/deflate/deflate-engine.ts'
import { encoderParameters, type EncoderParameters } from '../../../src/domain/deflate/encoder-parameters.ts'
import { encodeItem, MAX_ENDS } from '../../../src/domain/deflate/correction-item.ts'
import type { ToldEnd } from '../../../src/domain/deflate/block-ends.ts'
import { plainEngine } from '../../../src/domain/deflate/plain-engine.ts'
import { encodeWhole, newKernel } from './encode-whole.ts'
import { sourceText, withoutRepeats } from './texts.ts'

const engine: DeflateEngine = plainEngine(newKernel)
async function * one (bytes: Uint8Array): AsyncGenerator<Uint8Array> { yield bytes }

async function encode (parameters: EncoderParameters, text: Uint8Array, ends: readonly ToldEnd[]): Promise<number> {
  const corrections = one(encodeItem({ begin: 0, tokens: new Uint8Array(0), ends }))
  let size = 0
  for await (const piece of engine.encode(parameters, one(text), { corrections })) size += piece.length
  return size
}

const empty: ToldEnd = { at: 0, last: false, head: { bytes: Uint8Array.of(0), bits: 3 } }

test('so many empty blocks in one segment that they would never end are refused', async () => {
  const text = sourceText(1000, 5)
  expect(await encode(encoderParameters('zlib', 6), text, Array.from({ length: MAX_ENDS }, () => empty))).toBeGreaterThan(MAX_ENDS * 5)
  await expect(encode(encoderParameters('zlib', 6), text, Array.from({ length: MAX_ENDS + 1 }, () => empty))).rejects.toMatchObject({ code: 'CORRECTIONS_INVALID' })
})

test('a block that the model has no room for is refused, and leaves the kernel as it was', async () => {
  const parameters = encoderParameters('zlib', 6)
  const text = withoutRepeats(65_000)
  await expect(encode(parameters, text, [{ at: parameters.symbolLimit, goesOn: true }, { at: 60_000, last: false }])).rejects.toMatchObject({ code: 'CORRECTIONS_INVALID' })
  const after: Uint8Array[] = []
  for await (const piece of engine.encode(parameters, one(sourceText(100_000, 6)))) after.push(piece)
  expect(Buffer.concat(after).equals(encodeWhole(parameters, sourceText(100_000, 6)))).toBe(true)
})
