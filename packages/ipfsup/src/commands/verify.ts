import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import type { HomeState } from '../domain/home-state.ts'
import type { InstalledRelease } from '../domain/release-store.ts'
import { compareVersions, formatVersion } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { installedByName } from './get-release.ts'

interface Verified { readonly version: string, readonly path: string, readonly ok: boolean, readonly problems: readonly string[], readonly sha512: string, readonly cid: string | null }

/** `ipfsup verify [<version>]`: compares what is installed with its hashes, and those with the lock file; exit 8 when something differs. */
export async function verify (deps: IpfsupDeps, io: Io, args: { readonly version: string | undefined }): Promise<Outcome> {
  const [state, releases] = [await deps.state(io), await deps.releases(io)]
  const wanted = args.version === undefined ? [...await releases.list()].sort((a, b) => compareVersions(a.version, b.version)) : [await installedByName(deps, io, args.version)]
  let bad = 0
  const items = (async function * (): AsyncGenerator<Verified> {
    for (const release of wanted) {
      const { version, path, sha512, cid } = release
      io.report.progress({ step: `verifying ${formatVersion(version)}` })
      const problems = [...await releases.verify(release, io.signal), ...await unlike(state, release)]
      if (problems.length > 0) bad++
      yield { version: formatVersion(version), path, ok: problems.length === 0, problems, sha512, cid: cid ?? null }
    }
  })()
  return list(items, {
    toText: ({ version, ok, problems }) => ok ? `ok      ${version}` : [`broken  ${version}`, ...problems.map(p => `        ${stripControl(p)}`), `        cure: 'ipfsup install ${version}' gets it anew`].join('\n'),
    emptyText: 'nothing is installed',
    exit: () => bad === 0 ? 'ok' : 'refused',
  })
}

async function unlike (state: Pick<HomeState, 'lockedHash'>, { version, architecture, sha512 }: InstalledRelease): Promise<string[]> {
  const locked = await state.lockedHash(version, architecture)
  return locked === undefined || locked.sha512 === sha512 ? [] : [`its archive is not the one that was seen first: sha512 ${sha512.slice(0, 16)}…, and ${locked.sha512.slice(0, 16)}… in the lock file`]
}
