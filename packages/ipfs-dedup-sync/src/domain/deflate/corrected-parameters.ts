import type { EncoderParameters, SearchEffort } from './encoder-parameters.ts'
import type { DeflateBlock } from './read-block.ts'

const effort = (good: number, lazy: number, nice: number, chain: number): SearchEffort => ({ greedy: false, good, lazy, nice, chain })
const OTHERS: Omit<EncoderParameters, 'search'> = { hashBytes: 3, hashBits: 15, symbolLimit: 32767, endsEarly: false, looksPast: false }
const GO: Omit<EncoderParameters, 'search'> = { hashBytes: 4, hashBits: 16, symbolLimit: 16384, endsEarly: false, looksPast: false, family: 'go' }

/** Go's compress/flate from level 4 on, its default first. */
const GO_EFFORTS = [effort(8, 16, 128, 128), effort(32, 258, 258, 4096), effort(4, 4, 16, 16), effort(8, 16, 32, 32), effort(8, 32, 128, 256), effort(32, 128, 258, 1024)]
/** What comes near to most others: shallow, deep, with little behind, greedy. */
const OTHER_EFFORTS = [effort(8, 16, 128, 128), effort(258, 258, 65, 35), effort(32, 258, 258, 1024), effort(8, 16, 32, 32), { greedy: true, good: 4, lazy: 6, nice: 32, chain: 32 }]

/** @param blocks the first of the stream: where two have as many symbols, the others are expected to have them too @returns what may have made it, or nearly; the likeliest first */
export function nearTo (blocks: readonly DeflateBlock[]): EncoderParameters[] {
  const [first, second] = blocks.filter(({ last }) => !last).map(({ tokens }) => tokens.length)
  const symbolLimit = first !== undefined && first === second && first > 0 && first <= OTHERS.symbolLimit ? first : OTHERS.symbolLimit
  const mayBeGo = first === undefined || first === GO.symbolLimit || second === 0 || blocks.length === 1
  return [...mayBeGo ? GO_EFFORTS.map(search => ({ ...GO, search })) : [], ...OTHER_EFFORTS.map(search => ({ ...OTHERS, symbolLimit, search }))]
}
