import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { HomeState } from './home-state.ts'
import type { Pin, PinFiles } from './pin-file.ts'
import { MAX_VERSION_CHARACTERS, formatVersion, parseAsk, type VersionAsk } from './version.ts'

export type HoldingSource = 'env' | 'override' | 'pin' | 'default'

/** What `ipfs` means in a folder, and who says so. */
export interface Holding {
  readonly ask: VersionAsk
  readonly source: HoldingSource
  /** The variable, the folder of the override, the pin file; for the default undefined. */
  readonly place: string | undefined
}

export interface HoldingDeps {
  readonly state: Pick<HomeState, 'override' | 'default'>
  readonly pins: PinFiles
  /** The value of IPFSUP_VERSION. */
  readonly env: string | undefined
  /** Called with each pin file on the way that does not count. */
  readonly onPassedOver?: (pin: Pin) => void
}

/**
 * The shim's order (docs/formats/ipfsup.md), but for `+version`, which stands on a command line.
 * @param folder physical and absolute @returns undefined where nothing says anything, not even the default
 * @throws AppError VERSION_INVALID, LANGUAGE_UNKNOWN (exit usage) with the place where it stands
 */
export async function holdingVersion (deps: HoldingDeps, folder: string): Promise<Holding | undefined> {
  if (deps.env !== undefined && deps.env !== '') return { ask: parseAskFrom(deps.env, 'IPFSUP_VERSION'), source: 'env', place: 'IPFSUP_VERSION' }
  return await heldByFolder(deps, folder) ?? await heldByDefault(deps)
}

/** The part of `holdingVersion` that folders decide. */
export async function heldByFolder (deps: Omit<HoldingDeps, 'env'>, folder: string): Promise<Holding | undefined> {
  for (let at: string | undefined = folder; at !== undefined; at = parentOf(at)) {
    const override = await deps.state.override(at)
    if (override !== undefined) return { ask: parseAskFrom(override, `the override of ${at}`), source: 'override', place: at }
    const pin = await deps.pins.read(at)
    if (pin === undefined) continue
    if (pin.passedOver === undefined) return { ask: parseAskFrom(pin.line, pin.file), source: 'pin', place: pin.file }
    deps.onPassedOver?.(pin)
  }
  return undefined
}

async function heldByDefault ({ state }: Pick<HoldingDeps, 'state'>): Promise<Holding | undefined> {
  const version = await state.default()
  return version === undefined ? undefined : { ask: { kind: 'exact', version }, source: 'default', place: undefined }
}

/** In words that go on from a version: 'go-v0.43.0, since ...'. */
export function becauseOf ({ source, place }: Pick<Holding, 'source' | 'place'>): string {
  switch (source) {
    case 'env': return 'IPFSUP_VERSION says so'
    case 'override': return `'ipfsup use' set it for ${place!}`
    case 'pin': return `${place!} says so`
    case 'default': return 'it is the default'
  }
}

/** As the command line takes it: 'go-v0.43.0', 'js-latest'. */
export const formatAsk = (ask: VersionAsk): string => ask.kind === 'latest' ? `${ask.lang}-latest` : formatVersion(ask.version)

/** @param place who says it, for the message: a variable, a file @throws AppError VERSION_INVALID, LANGUAGE_UNKNOWN; exit usage */
export function parseAskFrom (text: string, place: string): VersionAsk {
  try {
    return parseAsk(text)
  } catch (e) {
    if (!isAppError(e)) throw e
    const said = text === '' ? 'nothing' : `'${text.slice(0, MAX_VERSION_CHARACTERS)}'`
    throw new AppError(e.code, e.code === 'VERSION_INVALID' ? `${place} says ${said}, which is not a version` : `${place}: ${e.message}`, { exit: e.exit, cause: e, hints: e.hints })
  }
}

const parentOf = (folder: string): string | undefined => folder === '/' ? undefined : folder.slice(0, folder.lastIndexOf('/')) || '/'
