import { stripControl } from '@ipkit/core/cli/strip-control'
import type { Io } from '@ipkit/core/cli/io'
import { isAppError } from '@ipkit/core/errors/app-error'
import { becauseOf, formatAsk, type Holding } from '../domain/holding-version.ts'
import type { InstalledRelease } from '../domain/release-store.ts'
import { switchTo, type SwitchDeps, type Switched } from '../domain/switch-release.ts'
import { formatVersion, sameVersion, type Version } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { findHolding } from './find-holding.ts'

export const switchDeps = async (deps: IpfsupDeps, io: Io): Promise<SwitchDeps> =>
  ({ state: await deps.state(io), releases: await deps.releases(io), repo: await deps.repo(io), report: io.report })

/** Makes an installed release the default; what happened to the repo is said. @throws AppError REPO_BUSY, MIGRATION_IMPOSSIBLE, MIGRATION_FAILED */
export async function switchDefault (deps: IpfsupDeps, io: Io, { version }: InstalledRelease): Promise<Switched> {
  const switched = await switchTo(await switchDeps(deps, io), version, io.signal)
  tellSwitched(io, switched)
  return switched
}

/** What a change of the default did beside it. */
export function tellSwitched (io: Io, { migrated, configCopy, mirror }: Switched): void {
  if (migrated !== undefined) io.report.note(`the repo was migrated from version ${migrated.from} to ${migrated.to}`)
  if (configCopy !== undefined) io.report.note(`its config as it was before: ${stripControl(configCopy)}`)
  if (mirror === 'edited') io.report.warn('MIRROR_EDITED', "Update.Version in the config was edited by hand and stays as it is; 'ipfsup doctor' says more")
}

/** 'ipfs is go-v0.43.0 now; it was go-v0.42.0' */
export function switchedText (version: Version, previous: Version | undefined): string {
  if (previous === undefined) return `ipfs is ${formatVersion(version)} now`
  return sameVersion(version, previous) ? `ipfs is ${formatVersion(version)} already` : `ipfs is ${formatVersion(version)} now; it was ${formatVersion(previous)}`
}

/** What a person may have to do still: set the command up; know that here something else goes first. */
export async function tellNext (deps: IpfsupDeps, io: Io, version: Version): Promise<void> {
  const holding = await findHolding(deps, io).catch((e: unknown) => { if (isAppError(e)) return undefined; throw e })
  if (holding !== undefined && holding.source !== 'default' && !isOf(holding, version)) io.report.note(`in this folder ipfs is ${formatAsk(holding.ask)} all the same: ${becauseOf(holding)}`)
  const plan = await (await deps.setup(io)).plan().catch((e: unknown) => { if (isAppError(e)) return undefined; throw e }) // advice alone
  if (plan?.shimState === 'missing') io.report.note("next: 'ipfsup init' sets up the command ipfs")
  else if (version.lang === 'go' && await (await deps.repo(io)).version() === undefined) io.report.note("next: 'ipfs init' makes your repo")
}

const isOf = ({ ask }: Holding, version: Version): boolean => ask.kind === 'exact' && sameVersion(ask.version, version)
