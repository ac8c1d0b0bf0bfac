import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError } from '@ipkit/core/errors/app-error'
import type { InstalledRelease } from '../domain/release-store.ts'
import { compareVersions, formatVersion, sameVersion, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { installedByName } from './get-release.ts'
import { switchDefault } from './switch-default.ts'

export interface UninstallArgs { readonly version: string, readonly default: string | undefined }

/** `ipfsup uninstall <version>`: removes a release; its repo, and what is remembered of its hash, stay. */
export async function uninstall (deps: IpfsupDeps, io: Io, args: UninstallArgs): Promise<Outcome> {
  const [state, releases] = [await deps.state(io), await deps.releases(io)]
  const release = await installedByName(deps, io, args.version)
  const successor = args.default === undefined ? undefined : await installedByName(deps, io, args.default)
  const name = formatVersion(release.version)
  const byDefault = await state.default()
  if (byDefault !== undefined && sameVersion(byDefault, release.version)) {
    if (successor === undefined || sameVersion(successor.version, release.version)) throw isDefault(name, others(await releases.list(), release.version))
    await switchDefault(deps, io, successor)
  }
  const sizeBytes = await releases.sizeBytes(release)
  await releases.remove(release)
  for (const { folder, version } of await state.overrides()) {
    if (version === name) io.report.warn('OVERRIDE_LEFT', `${stripControl(folder)} still uses ${name}: it is installed again when it is used there; to change that, run 'ipfsup unuse' there`)
  }
  const after = await state.default()
  return document({ version: name, path: release.path, freedBytes: sizeBytes, default: after === undefined ? null : formatVersion(after) }, `removed ${name}, ${formatBytes(sizeBytes)}`)
}

const others = (all: readonly InstalledRelease[], but: Version): Version[] => all.map(r => r.version).filter(v => !sameVersion(v, but)).sort(compareVersions)

function isDefault (name: string, left: readonly Version[]): AppError {
  const next = left.findLast(v => v.lang === 'go') ?? left.at(-1)
  return new AppError('IS_DEFAULT', `${name} is the default, and nothing would take its place`, {
    exit: 'refused',
    hints: next === undefined ? ["make another one the default first: 'ipfsup update <version>'", "or take all of ipfsup away: 'ipfsup self uninstall'"] : [`name what comes after it: 'ipfsup uninstall ${name} --default ${formatVersion(next)}'`],
  })
}
