import { spawnSync } from 'node:child_process'
import { seededRandom, type SeededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'
import { encoderParameters, LEVELS, PRODUCERS, type EncoderParameters } from '../src/domain/deflate/encoder-parameters.ts'
import { plainEngine } from '../src/domain/deflate/plain-engine.ts'
import { encodeWhole, newKernel } from '../test/domain/deflate/encode-whole.ts'
import { encodeInParts } from '../test/domain/deflate/in-parts.ts'
import { PROGRAMS } from '../test/domain/deflate/programs.ts'
import { edgeTexts, fewValues, largeTexts, mixedText, smallTexts, sourceText, sparseEnd } from '../test/domain/deflate/texts.ts'

const engine = plainEngine(newKernel)
const MAKERS = [mixedText, sourceText, (size: number, seed: number) => sparseEnd(Math.min(size, 200_000), seed), (size: number, seed: number) => fewValues(size, 2 + seed % 20, seed)]

/** The deflate model against the programs, its parts against the whole, and corrections of encoders that nobody has. */
export const soak: SoakPlan = {
  name: 'deflate',
  rounds: 500,
  async round (seed) {
    const random = seededRandom(seed)
    comparePrograms(random)
    const text = MAKERS[random.below(MAKERS.length)]!(random.below(2_000_000), seed)
    inParts(random, text)
    await corrected(random, text)
  },
}

function comparePrograms (random: SeededRandom): void {
  const { producer, needs, encode, perProcess } = PROGRAMS[random.below(PROGRAMS.length)]!
  if (needs.some(program => spawnSync('which', [program]).status !== 0)) return
  const level = LEVELS[random.below(LEVELS.length)]!
  const step = perProcess === 'one' ? 30 : 3
  const texts = [...largeTexts(), ...smallTexts(step, random.below(step)), ...edgeTexts(perProcess === 'one' ? 9 : 3, random.below(9))]
  const expected = encode(level, texts)
  for (const [i, { name, text }] of texts.entries()) {
    if (expected[i] !== undefined && !encodeWhole(encoderParameters(producer, level), text).equals(expected[i])) throw new Error(`${producer} -${level} differs in ${name}`)
  }
}

function inParts (random: SeededRandom, text: Buffer): void {
  const producers = PRODUCERS.filter(producer => encoderParameters(producer, 6).jobs === undefined)
  const parameters = encoderParameters(producers[random.below(producers.length)]!, LEVELS[3 + random.below(6)]!)
  const cuts: number[] = []
  for (let at = 0; (at += 65_536 + random.below(200_000)) < text.length;) cuts.push(at)
  if (!encodeInParts(parameters, text, cuts).stream.equals(encodeWhole(parameters, text))) throw new Error(`${JSON.stringify(parameters)} differs in parts at ${cuts.join(' ')}`)
}

async function corrected (random: SeededRandom, text: Buffer): Promise<void> {
  const search = { greedy: random.below(4) === 0, good: random.below(60), lazy: random.below(120), nice: 4 + random.below(254), chain: 1 + random.below(400) }
  const parameters: EncoderParameters = { hashBytes: random.below(2) === 0 ? 3 : 4, hashBits: 15, symbolLimit: 500 + random.below(30_000), endsEarly: random.below(2) === 0, looksPast: false, search }
  const stream = encodeWhole(parameters, text)
  const pieces = (bytes: Uint8Array) => async function * (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
  }
  try {
    const { parameters: near, segments } = await engine.correct(pieces(stream), pieces(text))
    const parts: Uint8Array[] = []
    for await (const part of engine.encode(near, pieces(text)(), { corrections: segments })) parts.push(part)
    if (!Buffer.concat(parts).equals(stream)) throw new Error(`${JSON.stringify(parameters)} is corrected wrongly`)
  } catch (e) {
    if ((e as { code?: string }).code !== 'CORRECTIONS_TOO_LARGE') throw e
  }
}
