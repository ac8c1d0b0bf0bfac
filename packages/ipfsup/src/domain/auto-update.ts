import type { HomeState } from './home-state.ts'
import type { Installer } from './install-release.ts'
import type { IpfsRepo } from './ipfs-repo.ts'
import type { LatestSource } from './resolve-version.ts'
import { compareSemver, formatVersion, isPrerelease, sameVersion, type Version } from './version.ts'

const PACE_MS = 24 * 3_600_000

/** Whether the last look is long enough ago. A clock that was set back must not put the next one off for years. */
export const isDue = (checkedMs: number | undefined, nowMs: number): boolean => checkedMs === undefined || checkedMs > nowMs || nowMs - checkedMs >= PACE_MS

export interface AutoUpdateDeps {
  readonly state: HomeState
  readonly latest: LatestSource
  readonly installer: Installer
  readonly repo: Pick<IpfsRepo, 'busy'>
  readonly switchTo: (version: Version) => Promise<void>
  readonly nowMs: number
}

/** What a look for updates came to. */
export type AutoResult =
  | { readonly did: 'off' | 'no-default' }
  /** Looked for less than a day ago. */
  | { readonly did: 'waited', readonly checkedMs: number }
  /** The default, or what was the latest here before, is not older than what origins call the latest; or a person went back from that, or changed the default meanwhile. */
  | { readonly did: 'nothing', readonly latest: Version }
  | { readonly did: 'switched', readonly from: Version, readonly to: Version }
  /** @property because who uses the repo, in words */
  | { readonly did: 'installed', readonly from: Version, readonly to: Version, readonly because: string }

/**
 * One look for a newer version of what is the default: installs it beside, makes it the default unless somebody uses the repo, and leaves one
 * line for the shim to tell. Never goes down, neither the default nor what `latest` stands for, nor back to what a person has rolled back from; a
 * prerelease is never taken, and what a person has chosen meanwhile stays.
 * @param now look also where `auto` is off, or the last look is less than a day ago
 * @throws what the ports throw
 */
export async function autoUpdate (deps: AutoUpdateDeps, options: { readonly now: boolean }, signal: AbortSignal): Promise<AutoResult> {
  const { state, latest, installer, repo, nowMs } = deps
  const [on, checkedMs, from] = [await state.auto(), await state.checkedMs(), await state.default()]
  if (!on && !options.now) return { did: 'off' }
  if (from === undefined) return { did: 'no-default' }
  if (!options.now && checkedMs !== undefined && !isDue(checkedMs, nowMs)) return { did: 'waited', checkedMs }
  await state.setCheckedMs(nowMs) // before asking: origins that fail are asked once a day as well
  const { version: to } = await latest.latest(from.lang, { pre: false, offline: false }, signal)
  const isUp = async (): Promise<boolean> => {
    const [alias, left] = [await state.alias(to.lang), await state.left()]
    return compareSemver(to.semver, from.semver) > 0 && compareSemver(to.semver, alias?.semver ?? from.semver) >= 0 && !(left?.lang === to.lang && compareSemver(to.semver, left.semver) <= 0)
  }
  if (isPrerelease(to) || !await isUp()) return { did: 'nothing', latest: to }
  await installer.install({ version: to, transport: 'auto', trusted: [], offline: false }, signal)
  // That took minutes, in which a person may have said otherwise.
  const now = await state.default()
  if (now === undefined || !sameVersion(now, from) || !await isUp()) return { did: 'nothing', latest: to }
  await state.setAlias(to.lang, to)
  const because = to.lang === 'go' ? await repo.busy() : undefined
  if (because !== undefined) {
    await state.setNotice(`ipfsup: ${formatVersion(to)} is installed; when no daemon runs: 'ipfsup default ${formatVersion(to)}'`)
    return { did: 'installed', from, to, because }
  }
  await deps.switchTo(to)
  await state.setNotice(`ipfsup: ipfs is ${formatVersion(to)} now, it was ${formatVersion(from)}; back: 'ipfsup rollback'`)
  return { did: 'switched', from, to }
}
