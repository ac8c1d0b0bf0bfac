import { isAppError } from '@ipkit/core/errors/app-error'
import type { Latest, LatestSource } from './resolve-version.ts'

/**
 * Asks `first`; where nobody answers there, and there is a second way, that.
 * @param second opened when it is needed; undefined: there is none
 */
export function latestOver (first: LatestSource, second: () => Promise<LatestSource | undefined>): LatestSource {
  return {
    async versions (lang, signal) {
      try {
        return await first.versions(lang, signal)
      } catch (e) {
        const other = isUnreachable(e) ? await second() : undefined
        if (other === undefined) throw e
        return await other.versions(lang, signal).catch((e2: unknown) => { throw isUnreachable(e2) ? e : e2 })
      }
    },
    async latest (lang, options, signal) {
      let answer: Latest | undefined
      let failure: unknown
      try { answer = await first.latest(lang, options, signal) } catch (e) {
        if (!isUnreachable(e)) throw e
        failure = e
      }
      const other = options.offline || answer?.remembered === false ? undefined : await second()
      if (other !== undefined) {
        const found = await other.latest(lang, options, signal).catch((e: unknown) => { if (isUnreachable(e)) return undefined; throw e })
        if (found !== undefined && (!found.remembered || answer === undefined)) return { ...found, failures: [...answer?.failures ?? [], ...found.failures] }
      }
      if (answer === undefined) throw failure
      return answer
    },
  }
}

const isUnreachable = (e: unknown): boolean => isAppError(e) && e.code === 'ORIGIN_UNREACHABLE'
