import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { pushHistory, stepBack } from './default-history.ts'
import type { HomeState } from './home-state.ts'
import type { IpfsRepo } from './ipfs-repo.ts'
import type { InstalledRelease, ReleaseStore } from './release-store.ts'
import { repoVersionByTable } from './repo-versions.ts'
import { compareSemver, compareVersions, formatVersion, sameVersion, type Version } from './version.ts'

export interface SwitchDeps {
  readonly state: Pick<HomeState, 'default' | 'history' | 'setDefault' | 'latest' | 'left' | 'setLeft' | 'setAlias' | 'locked'>
  readonly releases: Pick<ReleaseStore, 'find' | 'list'>
  readonly repo: Pick<IpfsRepo, 'version' | 'busy' | 'migrateDown' | 'backUpConfig' | 'mirror'>
  readonly report: { progress(event: { readonly step: string }): void }
}

export interface Switched {
  readonly version: Version
  readonly previous: Version | undefined
  /** Versions of the repo. */
  readonly migrated: { readonly from: number, readonly to: number } | undefined
  /** Where the config lies as it was before the migration. */
  readonly configCopy: string | undefined
  /** What became of `Update.Version`: IpfsRepo.mirror. */
  readonly mirror: 'written' | 'same' | 'pending' | 'edited'
}

/** `repo migrate --to` came with the first migration that is built in (kubo, core/commands/repo.go): before it, no release can go down. */
const FIRST_THAT_MIGRATES_DOWN = '0.37.0-0'

/**
 * Makes an installed release the default. A repo that is too new for it is migrated down first, by a newer release; up never, since Kubo does
 * that itself. Takes the lock on the default: nobody else must have it, the caller neither.
 * @throws AppError NOT_INSTALLED (exit notFound), REPO_BUSY (exit busy), MIGRATION_IMPOSSIBLE (exit refused), MIGRATION_FAILED, REPO_UNREADABLE; the
 * default is then what it was
 */
export async function switchTo (deps: SwitchDeps, version: Version, signal: AbortSignal): Promise<Switched> {
  return await deps.state.locked(signal, async () => {
    const switched = await change(deps, version, pushHistory(await deps.state.history(), version), signal)
    const left = await deps.state.left()
    if (left !== undefined && version.lang === left.lang && !isBelow(version, left)) await deps.state.setLeft(undefined)
    return switched
  })
}

/** Makes the default what it was before, as often as there is an earlier one that is still installed. @throws AppError NOTHING_TO_ROLL_BACK (exit notFound); as `switchTo` */
export async function rollback (deps: SwitchDeps, signal: AbortSignal): Promise<Switched> {
  return await deps.state.locked(signal, async () => {
    const installed = await deps.releases.list()
    const history = await deps.state.history()
    const present = await presentOf(deps)
    const back = stepBack(history, present, version => installed.some(release => sameVersion(release.version, version)))
    const target = back?.at(-1)
    if (back === undefined || target === undefined) {
      throw new AppError('NOTHING_TO_ROLL_BACK', present === undefined && history.length === 0 ? 'there has been no default yet' : history.length < 2 ? 'there was no other default before this one' : 'no default from before is still installed', { exit: 'notFound', hints: ["see what is installed: 'ipfsup ls'", "choose one of it: 'ipfsup default <version>'"] })
    }
    const leaving = await presentOf(deps)
    if (leaving !== undefined && isBelow(target, leaving)) await deps.state.setLeft(leaving)
    return await change(deps, target, back, signal)
  })
}

const isBelow = (a: Version, b: Version): boolean => a.lang === b.lang && compareSemver(a.semver, b.semver) < 0

async function change (deps: SwitchDeps, version: Version, history: readonly Version[], signal: AbortSignal): Promise<Switched> {
  const { state, releases, repo } = deps
  const release = await releases.find(version)
  if (release === undefined) throw new AppError('NOT_INSTALLED', `${formatVersion(version)} is not installed`, { exit: 'notFound', hints: [`install it: 'ipfsup update ${formatVersion(version)}'`] })
  const previous = await presentOf(deps)
  const fitted = await fitRepo(deps, release, signal)
  await state.setDefault(version, history)
  // The shim takes go-latest for the last answer that is installed: this one, if it is that.
  const latest = await state.latest(version.lang, false)
  if (latest !== undefined && sameVersion(latest.answer, version)) await state.setAlias(version.lang, version)
  return { version, previous, ...fitted, mirror: await repo.mirror(formatVersion(version)) }
}

/** A pointer that cannot be read points to nothing; switching mends it. */
async function presentOf ({ state }: SwitchDeps): Promise<Version | undefined> {
  return await state.default().catch((e: unknown) => { if (codeOf(e) !== 'DEFAULT_DAMAGED') throw e; return undefined })
}

/** A js release has a repo of its own, and one of before 0.12 nobody knows the repo's version of: nothing is migrated for them. */
async function fitRepo ({ releases, repo, report }: SwitchDeps, release: InstalledRelease, signal: AbortSignal): Promise<Pick<Switched, 'migrated' | 'configCopy'>> {
  const to = release.version.lang === 'js' ? undefined : repoVersionOf(release)
  const from = to === undefined ? undefined : await repo.version()
  if (from === undefined || to === undefined || to >= from) return { migrated: undefined, configCopy: undefined }
  const user = await repo.busy()
  if (user !== undefined) {
    throw new AppError('REPO_BUSY', `${formatVersion(release.version)} needs the repo migrated from version ${from} to ${to}, but ${user}`, { exit: 'busy', hints: ["stop it first: 'ipfs shutdown'", 'then run this command again'] })
  }
  const newer = (await releases.list()).filter(candidate => canMigrate(candidate, from)).toSorted((a, b) => compareVersions(a.version, b.version)).at(-1)
  if (newer === undefined) {
    throw new AppError('MIGRATION_IMPOSSIBLE', `${formatVersion(release.version)} needs the repo migrated from version ${from} to ${to}, and no installed release can do that`, {
      exit: 'refused', hints: ["get one that can: 'ipfsup update latest'", `then 'ipfsup default ${formatVersion(release.version)}'`],
    })
  }
  const configCopy = await repo.backUpConfig()
  report.progress({ step: `migrating the repo from version ${from} to ${to} with ${formatVersion(newer.version)}` })
  await repo.migrateDown(newer, to, signal)
  return { migrated: { from, to }, configCopy }
}

const repoVersionOf = ({ version, repoVersion }: InstalledRelease): number | undefined => repoVersion ?? repoVersionByTable(version)

function canMigrate (release: InstalledRelease, from: number): boolean {
  return release.version.lang === 'go' && (repoVersionOf(release) ?? 0) >= from && compareSemver(release.version.semver, FIRST_THAT_MIGRATES_DOWN) >= 0
}
