/**
 * What deflate encoders of one family do differently: docs/formats/deflate-model.md says what each field means, and where the values
 * come from.
 */
export interface EncoderParameters {
  /** How many bytes a hash is made of: 3, shifted and joined, or 4, multiplied. */
  readonly hashBytes: 3 | 4
  /** 9 to 16. */
  readonly hashBits: number
  /** A block ends with this many symbols, 32,767 at most. */
  readonly symbolLimit: number
  /** Whether a block of few matches ends at a multiple of 4,096 symbols once it shrinks to under half. */
  readonly endsEarly: boolean
  /** Whether positions near the end of the text are hashed and compared with what the window holds behind it. */
  readonly looksPast: boolean
  readonly search: SearchEffort
  /** Undefined: the family of gzip and zlib. `go`: a hash, a search and codes of its own; only with corrections. */
  readonly family?: 'go'
  /** Undefined: the stream is one. */
  readonly jobs?: JobRule
}

export interface SearchEffort {
  /** Greedy takes each match; else a match is taken when none longer begins a byte later. */
  readonly greedy: boolean
  /** After a match of this length the walk is a quarter as long. */
  readonly good: number
  /** After a match of this length no longer one is looked for; greedy: positions within a match of at most this length are hashed. */
  readonly lazy: number
  /** A match of this length ends the walk. */
  readonly nice: number
  /** Candidates in a walk. */
  readonly chain: number
}

export interface JobRule {
  /** Bytes of text in each. */
  readonly sizeBytes: number
  /** The search behind a job: goes on as it stood, has the window before as a dictionary, or has forgotten it. */
  readonly searchAfter: 'goes on' | 'links' | 'forgets'
}

export const PRODUCERS = ['gnu-gzip', 'info-zip', 'zlib', 'zlib-mem9', 'chromium', 'pigz', 'pigz-single', 'pigz-independent'] as const
export type Producer = typeof PRODUCERS[number]

export const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const
export type Level = typeof LEVELS[number]

const EFFORT: Readonly<Record<Level, SearchEffort>> = {
  1: { greedy: true, good: 4, lazy: 4, nice: 8, chain: 4 },
  2: { greedy: true, good: 4, lazy: 5, nice: 16, chain: 8 },
  3: { greedy: true, good: 4, lazy: 6, nice: 32, chain: 32 },
  4: { greedy: false, good: 4, lazy: 4, nice: 16, chain: 16 },
  5: { greedy: false, good: 8, lazy: 16, nice: 32, chain: 32 },
  6: { greedy: false, good: 8, lazy: 16, nice: 128, chain: 128 },
  7: { greedy: false, good: 8, lazy: 32, nice: 128, chain: 256 },
  8: { greedy: false, good: 32, lazy: 128, nice: 258, chain: 1024 },
  9: { greedy: false, good: 32, lazy: 258, nice: 258, chain: 4096 },
}

const ZLIB = { hashBytes: 3, hashBits: 15, symbolLimit: 16383, endsEarly: false, looksPast: false } as const
const OLD = { hashBytes: 3, hashBits: 15, symbolLimit: 32767 } as const
const PIGZ_JOB = 131072
const FIRST_EARLY_LEVEL = 3

export function encoderParameters (producer: Producer, level: Level): EncoderParameters {
  const search = EFFORT[level]
  switch (producer) {
    case 'gnu-gzip': return { ...OLD, endsEarly: level >= FIRST_EARLY_LEVEL, looksPast: true, search }
    case 'info-zip': return { ...OLD, endsEarly: level >= FIRST_EARLY_LEVEL, looksPast: false, search }
    case 'zlib': return { ...ZLIB, search }
    case 'zlib-mem9': return { ...ZLIB, hashBits: 16, symbolLimit: 32767, search }
    case 'chromium': return { ...ZLIB, hashBytes: 4, search }
    case 'pigz': return { ...ZLIB, search, jobs: { sizeBytes: PIGZ_JOB, searchAfter: 'links' } }
    case 'pigz-single': return { ...ZLIB, search, jobs: { sizeBytes: PIGZ_JOB, searchAfter: 'goes on' } }
    case 'pigz-independent': return { ...ZLIB, search, jobs: { sizeBytes: PIGZ_JOB, searchAfter: 'forgets' } }
  }
}
