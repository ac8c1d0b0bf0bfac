import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { compareSemver, formatVersion, parseAsk, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { getRelease } from './get-release.ts'
import type { GettingOptions } from './getting-options.ts'
import { switchDefault, switchedText, tellNext } from './switch-default.ts'

export interface UpdateArgs extends GettingOptions { readonly version: string, readonly pre: boolean }

/** `ipfsup update [<version>]`: installs it where it is missing, and makes it the default. */
export async function update (deps: IpfsupDeps, io: Io, args: UpdateArgs): Promise<Outcome> {
  const { release, resumedBytes } = await getRelease(deps, io, parseAsk(args.version), args)
  const { version, transport, path, sha512, cid } = release
  const { previous } = await switchDefault(deps, io, release)
  if (previous !== undefined && isDown(previous, version)) io.report.note(`that is lower than it was; back: 'ipfsup rollback'`)
  await tellNext(deps, io, version)
  const json = { version: formatVersion(version), previous: previous === undefined ? null : formatVersion(previous), transport, path, sha512, cid: cid ?? null, resumedBytes }
  return document(json, switchedText(version, previous))
}

const isDown = (from: Version, to: Version): boolean => from.lang === to.lang && compareSemver(to.semver, from.semver) < 0
