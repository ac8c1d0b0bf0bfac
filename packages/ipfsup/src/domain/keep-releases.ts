import { stepBack } from './default-history.ts'
import type { HomeState } from './home-state.ts'
import type { IpfsRepo } from './ipfs-repo.ts'
import type { InstalledRelease } from './release-store.ts'
import { repoVersionByTable } from './repo-versions.ts'
import { compareVersions, parseAsk, sameVersion, type Version } from './version.ts'

export interface KeptRelease { readonly release: InstalledRelease, /** In words. */ readonly because: string }

/** What `gc` leaves: all that something here still means. Pin files lie anywhere, and are not looked for. */
export async function keepReleases (deps: { readonly state: HomeState, readonly repo: IpfsRepo }, installed: readonly InstalledRelease[]): Promise<readonly KeptRelease[]> {
  const { state, repo } = deps
  const byDefault = await state.default()
  const back = stepBack(await state.history(), byDefault, version => installed.some(release => sameVersion(release.version, version)))
  const reasons: Array<readonly [Version | undefined, string]> = [
    [byDefault, 'it is the default'],
    [back?.at(-1), "'ipfsup rollback' goes back to it"],
    [await state.alias('go'), 'it is what go-latest means here'],
    [await state.alias('js'), 'it is what js-latest means here'],
  ]
  for (const { folder, version } of await state.overrides()) reasons.push([await overridden(version, state), `'ipfsup use' set it for ${folder}`])
  const repoVersion = await repo.version()
  if (repoVersion !== undefined) reasons.push([newestFor(installed, repoVersion)?.version, 'it can migrate the repo down'])
  return installed.flatMap(release => {
    const because = reasons.find(([version]) => version !== undefined && sameVersion(version, release.version))?.[1]
    return because === undefined ? [] : [{ release, because }]
  })
}

/** The newest release that reads a repo of this version: without it nobody here could take the repo down again. */
export function newestFor (installed: readonly InstalledRelease[], repoVersion: number): InstalledRelease | undefined {
  return installed.filter(({ version, repoVersion: own }) => (own ?? repoVersionByTable(version) ?? 0) >= repoVersion).sort((a, b) => compareVersions(a.version, b.version)).at(-1)
}

/** A file that a person can edit may hold anything; what is no version keeps nothing. */
async function overridden (text: string, state: Pick<HomeState, 'alias'>): Promise<Version | undefined> {
  const ask = askOrUndefined(text)
  return ask?.kind === 'latest' ? await state.alias(ask.lang) : ask?.version
}

function askOrUndefined (text: string): ReturnType<typeof parseAsk> | undefined {
  try { return parseAsk(text) } catch { return undefined }
}
