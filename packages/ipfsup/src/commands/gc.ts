import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { isAppError } from '@ipkit/core/errors/app-error'
import { keepReleases } from '../domain/keep-releases.ts'
import type { InstalledRelease, ReleaseStore } from '../domain/release-store.ts'
import { formatVersion, sameVersion } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'

interface Removed { readonly version: string | null, readonly path: string, readonly sizeBytes: number }
interface Kept { readonly version: string, readonly because: string }

/** `ipfsup gc [--dry-run]`: removes downloads that were broken off, and releases that nothing here means any more. */
export async function gc (deps: IpfsupDeps, io: Io, { dryRun }: { readonly dryRun: boolean }): Promise<Outcome> {
  const [state, releases, repo] = [await deps.state(io), await deps.releases(io), await deps.repo(io)]
  const installed = await releases.list()
  const meant = await keepReleases({ state, repo }, installed)
  const kept: Kept[] = meant.map(({ release, because }) => ({ version: formatVersion(release.version), because }))
  const removed: Removed[] = []
  for (const release of installed) {
    if (meant.some(({ release: { version } }) => sameVersion(version, release.version))) continue
    io.signal.throwIfAborted()
    const sizeBytes = await releases.sizeBytes(release)
    const version = formatVersion(release.version)
    if (dryRun || await remove(releases, release)) removed.push({ version, path: release.path, sizeBytes })
    else kept.push({ version, because: 'it is running' })
  }
  for (const { path, sizeBytes } of await releases.clean(dryRun)) removed.push({ version: null, path, sizeBytes })
  for (const { version, because } of kept) io.report.note(`${version} stays: ${because}`)
  if (removed.some(({ version }) => version !== null)) io.report.note('what only pin files name goes as well; it is installed again when it is used')
  const freedBytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const verb = dryRun ? 'would remove' : 'removed'
  const lines = removed.map(({ version, path, sizeBytes }) => `${verb} ${version ?? stripControl(path)}, ${formatBytes(sizeBytes)}`)
  return document({ dryRun, removed, kept, freedBytes }, lines.length === 0 ? 'there is nothing to remove' : [...lines, `${formatBytes(freedBytes)} in all`].join('\n'))
}

/** @returns false: a process runs from it */
async function remove (releases: ReleaseStore, release: InstalledRelease): Promise<boolean> {
  try {
    await releases.remove(release)
    return true
  } catch (e) {
    if (isAppError(e) && e.code === 'RELEASE_IN_USE') return false
    throw e
  }
}
