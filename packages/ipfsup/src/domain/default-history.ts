/** What was the default, oldest first, the present one last: what `rollback` goes back along. */
import { sameVersion, type Version } from './version.ts'

export const MAX_HISTORY = 64

/** @returns with `version` at the end; the oldest go where it gets too long */
export function pushHistory (history: readonly Version[], version: Version): readonly Version[] {
  const last = history.at(-1)
  return last !== undefined && sameVersion(last, version) ? history : [...history, version].slice(-MAX_HISTORY)
}

/**
 * The pointer is right where the two do not agree: history is written first, and a crash came in between. So it ends with the default: cut
 * back to where that stands last, or with the default added.
 * @param present undefined: there is no default, and the history stays as it is
 */
export function mendHistory (history: readonly Version[], present: Version | undefined): readonly Version[] {
  if (present === undefined) return history
  const at = history.findLastIndex(v => sameVersion(v, present))
  return at === -1 ? pushHistory(history, present) : history.slice(0, at + 1)
}

/**
 * One step back to a version that can be run.
 * @param history as mended: its end is the default, where there is one
 * @returns what is left of it, its end being where to go; undefined: there is nothing to go back to
 */
export function stepBack (history: readonly Version[], present: Version | undefined, isInstalled: (version: Version) => boolean): readonly Version[] | undefined {
  for (let end = history.length; end > 0; end--) {
    const candidate = history[end - 1]!
    if ((present === undefined || !sameVersion(candidate, present)) && isInstalled(candidate)) return history.slice(0, end)
  }
  return undefined
}
