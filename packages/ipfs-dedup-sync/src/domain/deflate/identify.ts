/**
 * Finds out which encoder made a stream, from its beginning: each that we know searches the same text, and falls with its first token that
 * is another. Those that are left wrote the tokens alike; where blocks end and how they are written must agree too.
 */
import { configureSearch } from './configure-kernel.ts'
import { ENDED, feed, NEEDS_TEXT, type DeflateKernel, type NewDeflateKernel } from './deflate-kernel.ts'
import { encoderParameters, LEVELS, PRODUCERS, type EncoderParameters, type Level, type Producer } from './encoder-parameters.ts'
import { openEncoder } from './open-encoder.ts'
import { readBlock } from './read-block.ts'

export interface EncoderHints {
  /** What the stream stands in. */
  readonly container?: 'gzip' | 'zip' | 'zlib'
  /** The level that a header tells of: 9 for gzip's XFL 2, 1 for its XFL 4. */
  readonly level?: Level
  /** Whether the two beginnings are all there is. */
  readonly whole: boolean
}

export interface EncoderCandidate {
  readonly producer: Producer
  readonly level: Level
  readonly parameters: EncoderParameters
  /** Bytes of the stream that were compared. */
  readonly checkedBytes: number
}

/** Tokens that are searched at a time: a wrong candidate mostly falls within the first few. */
const PORTION = 512

/**
 * @param stream the beginning of a raw deflate stream
 * @param text the beginning of what it stands for, 262,144 bytes or all: encoders that work in jobs show it only behind the first, and with
 * less than 65,536 bytes of a longer text nothing can be told apart
 * @returns the encoders that give the same bytes, the likeliest first, each looked for when it is asked for; none for an encoder that we do not know
 * @throws AppError DEFLATE_INVALID for a stream that is none
 */
export function * identify (newKernel: NewDeflateKernel, stream: Uint8Array, text: Uint8Array, hints: EncoderHints): Generator<EncoderCandidate, void> {
  const tokens = firstTokens(stream)
  const kernel = newKernel()
  let second: DeflateKernel | undefined
  const again = (): DeflateKernel => { // a kernel costs more than a short stream
    second ??= newKernel()
    return second
  }
  for (const { producer, level } of inOrder(hints)) {
    const parameters = encoderParameters(producer, level)
    if (!tokensAgree(kernel, parameters, tokens, text, hints.whole)) continue
    const checkedBytes = agreeingBytes(again, parameters, stream, text, hints.whole)
    if (checkedBytes !== undefined) yield { producer, level, parameters, checkedBytes }
  }
}

/** Of the first block; a stored one says nothing of the search. */
function firstTokens (stream: Uint8Array): Uint32Array {
  const block = readBlock(stream, 0, 0)
  return block === undefined || block.kind === 'stored' ? new Uint32Array(0) : block.tokens
}

/** Whether the search makes these tokens, as far as there is text for it. */
function tokensAgree (kernel: DeflateKernel, parameters: EncoderParameters, tokens: Uint32Array, text: Uint8Array, whole: boolean): boolean {
  configureSearch(kernel, parameters, PORTION)
  const fed = feed(kernel, text)
  if (whole && fed === text.length) kernel.endInput()
  for (let at = 0; at < tokens.length;) {
    const paused = kernel.runSymbols()
    const found = new Uint32Array(kernel.memory.buffer, kernel.symbolsAddress(), kernel.takeSymbols())
    for (const token of found) if (at < tokens.length && token !== tokens[at++]) return false
    if (paused === ENDED || paused === NEEDS_TEXT) return true
  }
  return true
}

/** Encodes the text and compares what comes. @returns how many bytes agreed, or undefined when some did not */
function agreeingBytes (newKernel: NewDeflateKernel, parameters: EncoderParameters, stream: Uint8Array, text: Uint8Array, whole: boolean): number | undefined {
  const encoder = openEncoder(newKernel, parameters)
  let at = 0
  for (const generator of [encoder.write(text), ...whole ? [encoder.end()] : []]) {
    for (const piece of generator) {
      const there = stream.subarray(at, at + piece.length)
      if (!piece.subarray(0, there.length).every((byte, i) => byte === there[i])) return undefined
      if (whole && there.length < piece.length) return undefined
      at += there.length
    }
  }
  return whole && at < stream.length ? undefined : at
}

function inOrder ({ container, level }: EncoderHints): Array<{ readonly producer: Producer, readonly level: Level }> {
  const first: readonly Producer[] = container === 'zip' ? ['info-zip', 'zlib'] : container === 'zlib' ? ['zlib', 'chromium'] : ['gnu-gzip', 'pigz', 'zlib']
  const producers = [...first, ...PRODUCERS.filter(producer => !first.includes(producer))]
  const usual: readonly Level[] = [6, 9, 1]
  const levels = [...new Set([...level === undefined ? [] : [level], ...usual, ...LEVELS])]
  return levels.flatMap(level => producers.map(producer => ({ producer, level })))
}
