import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import type { Switched } from '../domain/switch-release.ts'
import { formatVersion, parseAsk, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { findOrGetRelease } from './get-release.ts'
import type { GettingOptions } from './getting-options.ts'
import { switchDefault, switchedText, tellNext } from './switch-default.ts'

export interface DefaultArgs extends GettingOptions { readonly version: string | undefined }

/** `ipfsup default [<version>]`: says what it is, or changes it; what is not installed is installed. */
export async function showOrSetDefault (deps: IpfsupDeps, io: Io, args: DefaultArgs): Promise<Outcome> {
  if (args.version === undefined) return await showDefault(deps, io)
  const release = await findOrGetRelease(deps, io, parseAsk(args.version), args)
  const switched = await switchDefault(deps, io, release)
  await tellNext(deps, io, release.version)
  return document(defaultJson(release.version, switched), switchedText(release.version, switched.previous))
}

async function showDefault (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  const version = await (await deps.state(io)).default()
  if (version === undefined) return document({ version: null }, "there is no default yet; 'ipfsup update' installs the latest and makes it the default")
  if (await (await deps.releases(io)).find(version) === undefined) io.report.warn('NOT_INSTALLED', `${formatVersion(version)} is not installed; get it: 'ipfsup install ${formatVersion(version)}'`)
  return document({ version: formatVersion(version) }, formatVersion(version))
}

export const defaultJson = (version: Version, { previous, migrated, configCopy }: Switched): object => ({
  version: formatVersion(version),
  previous: previous === undefined ? null : formatVersion(previous),
  migrated: migrated ?? null,
  configCopy: configCopy ?? null,
})
