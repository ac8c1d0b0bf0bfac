/** `ipfsup use <version>`, `ipfsup unuse`: what `ipfs` means in this folder and below it. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { becauseOf, formatAsk, heldByFolder, type Holding } from '../domain/holding-version.ts'
import { PIN_FILE } from '../domain/pin-file.ts'
import { parseAsk } from '../domain/version.ts'
import type { IpfsupDeps } from './deps.ts'
import { findHolding } from './find-holding.ts'
import { findOrGetRelease } from './get-release.ts'
import type { GettingOptions } from './getting-options.ts'

export interface UseArgs extends GettingOptions { readonly version: string, readonly pin: boolean }

/** Installs first: a folder never asks for what could not be had. */
export async function use (deps: IpfsupDeps, io: Io, args: UseArgs): Promise<Outcome> {
  const ask = parseAsk(args.version)
  await findOrGetRelease(deps, io, ask, args)
  const version = formatAsk(ask)
  const file = args.pin ? await writePin(io, version) : null
  const state = await deps.state(io)
  if (!args.pin) await state.setOverride(io.cwd, version)
  const holding = await findHolding(deps, io)
  const inEffect = holding === undefined || formatAsk(holding.ask) === version
  if (!inEffect) {
    io.report.warn('NOT_IN_EFFECT', `here ipfs is ${formatAsk(holding.ask)} all the same: ${becauseOf(holding)}${cureOf(holding)}`)
  }
  io.report.note(args.pin ? 'everybody who works in this folder gets it; keep the file with the others' : `for you alone; to have it go with the folder: 'ipfsup use ${version} --pin'`)
  return document({ version, folder: io.cwd, file }, inEffect ? `in ${io.cwd} and below it ipfs is ${version}` : file === null ? `set ${version} for ${io.cwd} and below it` : `wrote ${version} to ${file}`)
}

const cureOf = ({ source }: Holding): string => source === 'env' ? "; to be rid of that: 'unset IPFSUP_VERSION'" : source === 'override' ? "; to be rid of that: 'ipfsup unuse'" : ''

async function writePin (io: Io, version: string): Promise<string> {
  const file = `${io.cwd === '/' ? '' : io.cwd}/${PIN_FILE}`
  await using whole = await io.files.createWhole(file, { overwrite: true, mode: 0o644 })
  await whole.write(new TextEncoder().encode(`${version}\n`))
  await whole.commit()
  return file
}

/** That nothing was set is no failure: it is as it was asked for. */
export async function unuse (deps: IpfsupDeps, io: Io): Promise<Outcome> {
  const state = await deps.state(io)
  const before = await state.override(io.cwd)
  if (before !== undefined) await state.setOverride(io.cwd, undefined)
  const holding = await findHolding(deps, io)
  const text = before === undefined ? `nothing was set for ${io.cwd}` : `${io.cwd} no longer has a version of its own`
  const byFolder = await heldByFolder({ state, pins: await deps.pins(io) }, io.cwd)
  if (byFolder?.source === 'override') io.report.note(`it is set for a folder above: run 'ipfsup unuse' in ${byFolder.place!}`)
  if (byFolder?.source === 'pin') io.report.note(`a pin file still holds: ${byFolder.place!}`)
  io.report.note(holding === undefined ? 'there is no default either' : `ipfs is ${formatAsk(holding.ask)} here now: ${becauseOf(holding)}`)
  return document({ folder: io.cwd, removed: before ?? null, version: holding === undefined ? null : formatAsk(holding.ask), source: holding?.source ?? null, place: holding?.place ?? null }, text)
}
