import { AppError } from '@ipkit/core/errors/app-error'
import { findTarget } from '../syncing/find-target.ts'
import type { SyncDeps } from '../syncing/sync-ports.ts'
import { EVERYTHING } from './serve-policy.ts'

export interface ServedState {
  readonly root: string | undefined
  readonly name: string | undefined
  readonly served: boolean
  /** Served names that the root is a version of: through them it is served in any case. */
  readonly names: readonly string[]
}

/** Durable when it resolves. @throws AppError TARGET_UNKNOWN, ROOT_UNKNOWN, NAME_UNKNOWN */
export async function setServed (deps: SyncDeps, text: string, served: boolean): Promise<ServedState> {
  const target = await findTarget(deps, text)
  if (target.kind === 'name' && target.number === undefined) {
    const { name } = target
    if (deps.known.get(name) === undefined) throw new AppError('NAME_UNKNOWN', `no version of ${name.text} is known here`, { exit: 'notFound', hints: [`fetch it first: 'ipfs-dedup-sync pull ${name.text}'`] })
    await deps.known.change(name, known => known.served === served ? known : { ...known, served })
    return { root: undefined, name: name.text, served, names: [] }
  }
  const root = target.kind === 'root' ? target.root : (await deps.histories.version(target.name, target.number)).root
  await deps.shelf.note(root, facts => ({ ...facts, served }))
  const kept = await deps.shelf.root(root)
  return { root, name: undefined, served, names: kept === undefined ? [] : await deps.policy.namesServing(kept) }
}

/** What a rule is about. @param text undefined: everything @returns as `NodeServePolicy` has it @throws AppError TARGET_UNKNOWN */
export async function scopeOf (deps: SyncDeps, text: string | undefined): Promise<string> {
  if (text === undefined) return EVERYTHING
  const target = await findTarget(deps, text)
  if (target.kind === 'root') return target.root
  return target.number === undefined ? target.name.text : (await deps.histories.version(target.name, target.number)).root
}
