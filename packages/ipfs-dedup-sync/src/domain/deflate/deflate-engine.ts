import type { EncoderParameters } from './encoder-parameters.ts'
import type { EncoderHints } from './identify.ts'

/** Deflate encoders in worker threads: docs/formats/deflate-model.md. `worker-engine.ts` (adapters) is the real one, `plain-engine.ts` (domain) runs in the caller's thread. */
export interface DeflateEngine extends AsyncDisposable {
  /**
   * What the encoder gives for the text, in order. Works on parts of it at once where the encoder allows.
   * @param text any pieces; must stay as they are until asked for more
   * @throws AppError CORRECTIONS_INVALID for corrections that are none of this text; what the signal was aborted with
   */
  encode(parameters: EncoderParameters, text: AsyncIterable<Uint8Array>, options?: EncodeOptions): AsyncGenerator<Uint8Array>
  /** A short text, at most 1 MiB, in one job: many may run at once. */
  encodeWhole(parameters: EncoderParameters, text: Uint8Array): Promise<Uint8Array>
  /** The encoders that give this beginning, the likeliest first; see `identify`. At most `atMost`. */
  identify(stream: Uint8Array, text: Uint8Array, hints: EncoderHints, atMost: number): Promise<EncoderParameters[]>
  /**
   * What is to be told for each segment of the text so that `encode` gives just this stream, although its encoder is not known: docs/formats/deflate-model.md, "Corrections". Segments follow from the text, so an
   * unchanged one keeps its corrections. The nearest parameters come first. Both sources are read twice, the first time only their beginning. Nothing of it is proven: whoever relies on it encodes, and compares.
   * @throws AppError CORRECTIONS_TOO_LARGE as soon as they are over a tenth of the stream read so far (and over 64 KiB), also from `segments`; DEFLATE_INVALID for a stream that is none, or not of this text
   */
  correct(stream: () => AsyncIterable<Uint8Array>, text: () => AsyncIterable<Uint8Array>, options?: { readonly signal?: AbortSignal }): Promise<Corrected>
}

export interface EncodeOptions {
  /** One item a segment, each as `Corrected.segments` gave it; none: the encoder's own tokens and blocks. */
  readonly corrections?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal
}

export interface Corrected { readonly parameters: EncoderParameters, readonly segments: AsyncIterable<Uint8Array> }
