/** Which versions there are, and which is the latest, over all origins and by what is remembered of them. */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { Clock } from '@ipkit/core/time/clock'
import type { HomeState, SeenLatest } from './home-state.ts'
import type { Origin } from './origin.ts'
import { compareVersions, formatVersion, isPrerelease, type Lang, type Version } from './version.ts'

/** Who knows which versions there are: the origins for Kubo; for js-ipfs, which ended, what ipfsup ships. */
export interface LatestSource {
  /** Every version that any origin lists, each once, lowest first. @throws AppError ORIGIN_UNREACHABLE when nobody answers */
  versions(lang: Lang, signal: AbortSignal): Promise<readonly Version[]>
  /**
   * The highest that is no prerelease, or with `pre` the highest of all, over all origins; remembered.
   * @param offline from memory only @throws AppError ORIGIN_UNREACHABLE: nobody answers and nothing is remembered, or offline and nothing is
   */
  latest(lang: Lang, options: { readonly pre: boolean, readonly offline: boolean }, signal: AbortSignal): Promise<Latest>
}

export interface Latest {
  readonly version: Version
  readonly seen: SeenLatest
  /** True where nobody was asked, or nobody answered. */
  readonly remembered: boolean
  /** Origins that did not answer, and why. */
  readonly failures: ReadonlyArray<{ readonly origin: string, readonly message: string }>
}

export interface LatestDeps {
  /** For Kubo. */
  readonly origins: readonly Origin[]
  /** Of js-ipfs, which nobody needs to be asked about. */
  readonly jsVersions: readonly Version[]
  readonly state: Pick<HomeState, 'latest' | 'setLatest'>
  readonly clock: Clock
}

export function latestSource (deps: LatestDeps): LatestSource {
  const ask = async (lang: Lang, signal: AbortSignal): Promise<Answers> =>
    lang === 'js' ? { versions: deps.jsVersions, failures: [], answered: true } : await askAll(deps.origins, signal)

  return {
    async versions (lang, signal) {
      const answers = await ask(lang, signal)
      if (!answers.answered) throw noAnswer(answers.failures)
      return inOrder(answers.versions)
    },
    async latest (lang, { pre, offline }, signal) {
      const before = await deps.state.latest(lang, pre)
      const answers = offline && lang === 'go' ? { versions: [], failures: [], answered: false } : await ask(lang, signal)
      const { failures } = answers
      if (!answers.answered) {
        if (before !== undefined) return { version: before.answer, seen: before, remembered: true, failures }
        if (offline) throw new AppError('ORIGIN_UNREACHABLE', 'nobody is asked offline, and no answer is remembered', { exit: 'unreachable', hints: ["name a version that is installed: 'ipfsup ls'", 'or run it once with a connection'] })
        throw noAnswer(failures)
      }
      const answer = inOrder(answers.versions).findLast(version => pre || !isPrerelease(version))
      if (answer === undefined) throw new AppError('VERSION_UNKNOWN', `no origin lists a release${pre ? '' : ' that is not a candidate'}`, { exit: 'notFound', hints: pre ? [] : ["take candidates too: '--pre'"] })
      const now = deps.clock.now()
      const isHighest = before === undefined || compareVersions(answer, before.version) > 0
      const seen = { version: isHighest ? answer : before.version, sinceMs: isHighest ? now : before.sinceMs, answer, answeredMs: now }
      await deps.state.setLatest(lang, pre, seen)
      return { version: answer, seen, remembered: false, failures }
    },
  }
}

type Failure = Latest['failures'][number]
interface Answers { readonly versions: readonly Version[], readonly failures: readonly Failure[], readonly answered: boolean }

/** What an origin does wrong is no reason not to ask the others. */
const ITS_OWN_FAULT = new Set(['ORIGIN_UNREACHABLE', 'ORIGIN_ANSWER_INVALID'])

async function askAll (origins: readonly Origin[], signal: AbortSignal): Promise<Answers> {
  const failures: Failure[] = []
  const lists = await Promise.all(origins.map(async origin => {
    try {
      return await origin.versions(signal)
    } catch (e) {
      signal.throwIfAborted()
      if (!isAppError(e) || !ITS_OWN_FAULT.has(e.code)) throw e
      failures.push({ origin: origin.name, message: e.message })
      return undefined
    }
  }))
  const answers = lists.filter(list => list !== undefined)
  return { versions: answers.flatMap(list => list.versions), failures, answered: answers.length > 0 }
}

/** Each once, lowest first. */
function inOrder (versions: readonly Version[]): Version[] {
  return [...new Map(versions.map(version => [formatVersion(version), version])).values()].sort(compareVersions)
}

function noAnswer (failures: readonly Failure[]): AppError {
  const [first] = failures
  if (first === undefined) return new AppError('ORIGIN_UNREACHABLE', 'no origin that is configured keeps a list of versions', { exit: 'unreachable', hints: ["name the version: 'ipfsup update v0.43.0'", 'see what is configured: ipfsup doctor'] })
  const more = failures.length === 1 ? '' : ` (and ${failures.length - 1} more)`
  return new AppError('ORIGIN_UNREACHABLE', `no origin says what versions there are: ${first.message}${more}`, { exit: 'unreachable', hints: ['check the connection', 'what is installed keeps working: --offline'] })
}
