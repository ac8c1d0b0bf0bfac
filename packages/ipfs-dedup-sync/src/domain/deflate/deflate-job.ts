import type { EncoderParameters } from './encoder-parameters.ts'
import type { EncoderHints } from './identify.ts'
import type { GivenBlock } from './encode-corrected.ts'
import type { TextPart } from './cut-text.ts'
import type { DeflateBlock } from './read-block.ts'
import type { Seam, SegmentPlan } from './search-segment.ts'

/** A step of an encoder, to be done by whoever is free: it says all that it needs. Only the steps of a `stream` follow each other, at one place. */
export type DeflateJob =
  | { readonly kind: 'search', readonly parameters: EncoderParameters, readonly plan: SegmentPlan, readonly text: Uint8Array, readonly last: boolean }
  | { readonly kind: 'write', readonly tokens: Uint32Array, readonly blocks: readonly GivenBlock[], readonly family?: 'go' }
  | { readonly kind: 'jobs', readonly parameters: EncoderParameters, readonly dictionary?: Uint8Array, readonly text: Uint8Array, readonly last: boolean }
  | { readonly kind: 'stream', readonly id: number, readonly parameters: EncoderParameters, readonly text: Uint8Array, readonly last: boolean }
  | { readonly kind: 'drop', readonly id: number }
  | { readonly kind: 'models', readonly family: 'go' | undefined, readonly block: DeflateBlock }
  | { readonly kind: 'correct', readonly parameters: EncoderParameters, readonly part: TextPart, readonly begin: number, readonly tokens: Uint32Array }
  | { readonly kind: 'restore', readonly parameters: EncoderParameters, readonly part: TextPart, readonly begin: number, readonly corrections: Uint8Array }
  | { readonly kind: 'identify', readonly stream: Uint8Array, readonly text: Uint8Array, readonly hints: EncoderHints, readonly atMost: number }

export interface DeflateAnswers {
  readonly search: FoundTokens
  readonly write: readonly WrittenRun[]
  readonly jobs: Uint8Array<ArrayBuffer>
  readonly stream: Uint8Array<ArrayBuffer>
  readonly drop: undefined
  readonly models: boolean
  readonly correct: Uint8Array<ArrayBuffer> | undefined
  readonly restore: Uint32Array<ArrayBuffer>
  readonly identify: EncoderParameters[]
}

export type DeflateAnswer<Job extends DeflateJob> = DeflateAnswers[Job['kind']]

export interface FoundTokens {
  /** Of the segment, from its start seam to its stop seam. */
  readonly tokens: Uint32Array<ArrayBuffer>
  readonly startSeam: Seam
  /** Undefined at the end of the text. */
  readonly stopSeam?: Seam
}

/** Blocks one behind the other; or one that is to be stored, where its bits depend on where it stands: the number of it among the blocks. */
export type WrittenRun = { readonly bytes: Uint8Array<ArrayBuffer>, readonly bits: number } | { readonly stored: number }

/** Who does the steps: threads, or the caller's own. */
export interface DeflateCrew extends AsyncDisposable {
  /** Steps that are worth being asked for at once. */
  readonly ahead: number
  /** @throws AppError as the step does; the error of a thread that broke */
  ask<Job extends DeflateJob>(job: Job): Promise<DeflateAnswer<Job>>
  /** One place, for a stream whose steps follow each other: what is asked of it is done in order. */
  pick(): StreamPlace
}

export interface StreamPlace extends Pick<DeflateCrew, 'ask'> { readonly id: number }
