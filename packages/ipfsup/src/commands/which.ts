import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError } from '@ipkit/core/errors/app-error'
import { formatAsk, parseAskFrom, type HoldingSource } from '../domain/holding-version.ts'
import type { InstalledRelease } from '../domain/release-store.ts'
import { formatVersion, parseAsk, type VersionAsk } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { findHolding, noDefault } from './find-holding.ts'
import { getRelease, installedRelease } from './get-release.ts'
import type { GettingOptions } from './getting-options.ts'

export interface WhichArgs extends GettingOptions {
  readonly version: string | undefined
  readonly install: boolean
  /** Who asks for the version, where the shim calls. */
  readonly from: 'arg' | 'env' | 'pin' | 'default' | undefined
  readonly pinFile: string | undefined
}

interface Wanted { readonly ask: VersionAsk, readonly source: HoldingSource | 'arg', readonly place: string | undefined }

/** `ipfsup which [<version>]`: the program that `ipfs` runs here. The shim calls it with `--install` for a version that is not here. */
export async function which (deps: IpfsupDeps, io: Io, args: WhichArgs): Promise<Outcome> {
  const wanted = await wantedOf(deps, io, args)
  const release = await installedRelease(deps, io, wanted.ask) ?? await installWanted(deps, io, wanted, args)
  const { version, program, path } = release
  const { jsRepo, ipfsPath } = deps.place(io)
  if (version.lang === 'js' && !args.install) io.report.note(`it runs with a repo of its own: IPFS_PATH=${jsRepo}`)
  return document({ version: formatVersion(version), program, path, ipfsPath: version.lang === 'js' ? jsRepo : ipfsPath, source: wanted.source, place: wanted.place ?? null }, program)
}

async function wantedOf (deps: IpfsupDeps, io: Io, { version, from, pinFile }: WhichArgs): Promise<Wanted> {
  if (version !== undefined) return { ask: pinFile === undefined ? parseAsk(version) : parseAskFrom(version, pinFile), source: from ?? 'arg', place: pinFile }
  const holding = await findHolding(deps, io)
  if (holding === undefined) throw noDefault()
  return holding
}

/** What only a pin names was chosen by whoever wrote the file: it takes a yes, or `ipfsup auto on`. */
async function installWanted (deps: IpfsupDeps, io: Io, wanted: Wanted, args: WhichArgs): Promise<InstalledRelease> {
  const name = formatAsk(wanted.ask)
  if (!args.install) throw new AppError('NOT_INSTALLED', `${name} is not installed`, { exit: 'notFound', hints: [`install it: 'ipfsup install ${name}'`] })
  if (wanted.source === 'pin' && !await (await deps.state(io)).auto()) await confirmPin(io, name, wanted.place ?? 'the pin file')
  return (await getRelease(deps, io, wanted.ask, args)).release
}

async function confirmPin (io: Io, name: string, place: string): Promise<void> {
  if (io.prompt.canAsk && await io.prompt.confirm(`${stripControl(place)} asks for ${name}, which is not installed; install it?`, true)) return
  throw new AppError('NOT_INSTALLED', `${place} asks for ${name}, which is not installed`, { exit: 'notFound', hints: [`install it: 'ipfsup install ${name}'`, "to have such versions installed without a question: 'ipfsup auto on'"] })
}
