import type { DeflateKernel } from './deflate-kernel.ts'
import type { EncoderParameters, JobRule } from './encoder-parameters.ts'

const SEARCH_AFTER: Readonly<Record<JobRule['searchAfter'], number>> = { 'goes on': 0, links: 1, forgets: 2 }
/** As many as there is room for. */
const MAX_SYMBOLS = 32767

/** A kernel of these parameters, at the beginning of a stream. */
export function configureKernel (kernel: DeflateKernel, { hashBytes, hashBits, symbolLimit, endsEarly, looksPast, search, jobs }: EncoderParameters): void {
  kernel.configure(
    Number(hashBytes === 4), hashBits, symbolLimit, Number(endsEarly), Number(looksPast),
    Number(search.greedy), search.good, search.lazy, search.nice, search.chain, jobs?.sizeBytes ?? 0, SEARCH_AFTER[jobs?.searchAfter ?? 'goes on'],
  )
}

/** The same for a search alone: its symbols come in portions, which are no blocks. */
export function configureSearch (kernel: DeflateKernel, parameters: EncoderParameters, portion = MAX_SYMBOLS): void {
  configureKernel(kernel, { ...parameters, symbolLimit: portion, endsEarly: false })
}
