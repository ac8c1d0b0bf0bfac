import { AppError } from '@ipkit/core/errors/app-error'
import type { TextPart } from './cut-text.ts'
import type { DeflateKernel } from './deflate-kernel.ts'
import type { EncoderParameters } from './encoder-parameters.ts'

const AS_PREDICTED = 0
const WRITES = 1
const READS = 2
const REFUSED = 0xffffffff

/** @param begin where the first token begins, from the segment's beginning @returns what tells the tokens from those predicted; undefined when it would take over 65,536 bytes, or when these are no tokens of the text */
export function correctTokens (kernel: DeflateKernel, parameters: EncoderParameters, part: TextPart, begin: number, tokens: Uint32Array): Uint8Array<ArrayBuffer> | undefined {
  load(kernel, parameters, part)
  new Uint32Array(kernel.memory.buffer, kernel.predictionTokens(), tokens.length).set(tokens)
  const size = run(kernel, WRITES, part, begin, tokens.length)
  return size === REFUSED ? undefined : new Uint8Array(kernel.memory.buffer, kernel.predictionItem(), size).slice()
}

/** @throws AppError CORRECTIONS_INVALID for corrections that are none of this text */
export function restoreTokens (kernel: DeflateKernel, parameters: EncoderParameters, part: TextPart, begin: number, corrections: Uint8Array): Uint32Array<ArrayBuffer> {
  load(kernel, parameters, part)
  if (corrections.length > 65_536) throw new AppError('CORRECTIONS_INVALID', `a segment has ${corrections.length} bytes of corrections, the limit is 65536`)
  new Uint8Array(kernel.memory.buffer, kernel.predictionItem(), corrections.length).set(corrections)
  const count = run(kernel, corrections.length === 0 ? AS_PREDICTED : READS, part, begin, corrections.length)
  if (count === REFUSED) throw new AppError('CORRECTIONS_INVALID', `the corrections of the segment at ${part.start} do not fit its text`)
  return new Uint32Array(kernel.memory.buffer, kernel.predictionTokens(), count).slice()
}

function load (kernel: DeflateKernel, { family, hashBytes, hashBits, search }: EncoderParameters, { bytes }: TextPart): void {
  kernel.configurePredictor(Number(family === 'go'), Number(hashBytes === 4), hashBits, search.good, search.greedy ? 0 : search.lazy, search.nice, search.chain)
  const address = kernel.predictionText()
  new Uint8Array(kernel.memory.buffer, address, bytes.length).set(bytes)
}

function run (kernel: DeflateKernel, how: number, { bytes, before, start, stop }: TextPart, begin: number, count: number): number {
  const size = stop - start
  return kernel.runPrediction(how, before, size, bytes.length - before - size, begin, count) >>> 0
}
