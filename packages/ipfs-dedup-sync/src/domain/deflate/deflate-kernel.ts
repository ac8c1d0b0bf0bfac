/**
 * The port to the compiled encoder (assembly/deflate). An instance is one encoder at a time with about a megabyte of its own, never
 * shared; whoever holds one may `configure` it again for the next stream.
 */
export interface DeflateKernel {
  readonly memory: { readonly buffer: ArrayBuffer }
  configure (
    quadHash: number, hashBits: number, symbolLimit: number, endsEarly: number, looksPast: number,
    greedy: number, good: number, lazy: number, nice: number, chain: number, jobSize: number, jobEnd: number,
  ): void
  inputAddress (): number
  inputRoom (): number
  appendInput (sizeBytes: number): void
  endInput (): void
  beginInside (windowPlace: number, carried: number): void
  beginJob (): void
  run (): number
  outputAddress (): number
  takeOutput (): number
  stopAfter (sizeBytes: number): void
  overshoot (): number
  carriedState (): number
  runSymbols (): number
  symbolsAddress (): number
  takeSymbols (): number
  writeSymbols (count: number, textSize: number, last: number, isGo: number): number
  literalLengthsAddress (): number
  distanceLengthsAddress (): number
  writeBody (count: number, fixed: number, ends: number): number
  configurePredictor (isGo: number, quadHash: number, hashBits: number, good: number, lazy: number, nice: number, chain: number): void
  predictionText (): number
  predictionTokens (): number
  predictionItem (): number
  runPrediction (how: number, before: number, segment: number, behind: number, begin: number, count: number): number
}

export type NewDeflateKernel = () => DeflateKernel

/** Why `run` and `runSymbols` came back. */
export const NEEDS_TEXT = 0
export const OUTPUT_READY = 1
export const ENDED = 2
export const AT_STOP = 3

/** The window of deflate. */
export const WINDOW_SIZE = 32768

/** Hands over as much of the text as there is room for. @returns how much that was */
export function feed (kernel: DeflateKernel, text: Uint8Array): number {
  const size = Math.min(text.length, kernel.inputRoom())
  new Uint8Array(kernel.memory.buffer, kernel.inputAddress(), size).set(text.subarray(0, size))
  kernel.appendInput(size)
  return size
}
