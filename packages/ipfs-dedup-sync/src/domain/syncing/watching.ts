import { isAppError } from '@ipkit/core/errors/app-error'
import { findNameTarget } from './find-target.ts'
import { findWanted, pullWanted, type PullDeps, type Pulled, type PullInput } from './pulling.ts'
import type { Work } from './sync-ports.ts'

export interface WatchInput extends Pick<PullInput, 'target' | 'from' | 'output'> {
  /** How often peers are asked, besides whenever one connects. */
  readonly everyMs: number
}

export interface WatchedVersion { readonly pulled: Pulled, readonly atMs: number }

/** Each version of a name as it comes, fetched and written whole, each over the one before, until the signal aborts. What stood there before the first is replaced with `overwrite` only. That nobody can be reached, or gives it whole, ends nothing: they are asked again. */
export async function * watchName (deps: PullDeps, input: WatchInput, work: Work): AsyncGenerator<WatchedVersion> {
  const { name } = await findNameTarget(deps, input.target)
  const { signal } = work
  let wake = new AbortController()
  const stopReach = deps.mover.onReach(() => { wake.abort(new Error('somebody is in reach')) })
  let { output } = input
  let written: string | undefined
  try {
    while (!signal.aborted) {
      wake = new AbortController()
      const pulled = await unlessAbsent(work, async () => {
        const wanted = await findWanted(deps, { ...input, target: name.text }, work)
        return wanted.commit!.cid === written ? undefined : await pullWanted(deps, wanted, { output, dryRun: false }, work)
      })
      if (pulled !== undefined) {
        written = pulled.commit!.cid
        if (output !== undefined && pulled.file !== undefined) output = { ...output, path: pulled.file, into: false, overwrite: true } // what was written here is ours to replace, and nothing else
        yield { pulled, atMs: deps.clock.now() }
      }
      work.onProgress({ step: written === undefined ? 'waiting for somebody who has it' : 'waiting for the next version' })
      await deps.clock.sleep(input.everyMs, AbortSignal.any([signal, wake.signal])).catch(() => {})
    }
  } finally {
    stopReach()
  }
  signal.throwIfAborted()
}

/** What the disk says, or what was altered, is told; what a peer cannot do is tried again. */
async function unlessAbsent<T> (work: Work, attempt: () => Promise<T>): Promise<T | undefined> {
  try {
    return await attempt()
  } catch (e) {
    work.signal.throwIfAborted()
    if (!isAppError(e) || !['notFound', 'unreachable', 'timedOut', 'busy'].includes(e.exit)) throw e
    return undefined
  }
}
