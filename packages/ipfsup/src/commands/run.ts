import type { Io } from '@ipkit/core/cli/io'
import type { Outcome } from '@ipkit/core/cli/outcome'
import { parseAsk } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { findOrGetRelease } from './get-release.ts'
import type { GettingOptions } from './getting-options.ts'

export interface RunArgs extends GettingOptions { readonly version: string, readonly args: readonly string[] }

/** `ipfsup run <version> -- <args>`: as `ipfs +<version> <args>`, also where no shim is set up. */
export async function run (deps: IpfsupDeps, io: Io, args: RunArgs): Promise<Outcome> {
  const release = await findOrGetRelease(deps, io, parseAsk(args.version), args)
  io.report.pause()
  return { kind: 'exited', code: await (await deps.programs(io)).run(release, args.args) }
}
