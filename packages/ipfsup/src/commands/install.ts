import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatVersion, parseAsk } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { getRelease } from './get-release.ts'
import type { GettingOptions } from './getting-options.ts'

export interface InstallArgs extends GettingOptions { readonly version: string, readonly pre: boolean }

/** `ipfsup install <version>`: as `update`, but the default stays what it is. */
export async function install (deps: IpfsupDeps, io: Io, args: InstallArgs): Promise<Outcome> {
  const { release, fresh, resumedBytes } = await getRelease(deps, io, parseAsk(args.version), args)
  const { transport, path, sha512, cid } = release
  const version = formatVersion(release.version)
  return document({ version, transport, path, sha512, cid: cid ?? null, resumedBytes }, fresh ? `installed ${version}; 'ipfs +${version}' runs it` : `${version} is installed already`)
}
