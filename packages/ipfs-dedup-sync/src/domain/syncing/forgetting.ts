import { AppError } from '@ipkit/core/errors/app-error'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { isOwn } from '../versions/known-name.ts'
import { findTarget } from './find-target.ts'
import type { SyncDeps } from './sync-ports.ts'

/** `roots` are kept no more; what only they held goes with the next `gc`. */
export interface ForgottenRoots { readonly roots: readonly string[], readonly name: string | undefined, readonly nameForgotten: boolean }

/**
 * A root, or the root of one version: its history stays, and tells what it was. A name of somebody else alone: all its versions, and the following of it.
 * @throws AppError TARGET_UNKNOWN, ROOT_UNKNOWN, NAME_OURS (a history of ours is not dropped as a whole)
 */
export async function forgetTarget (deps: SyncDeps, text: string): Promise<ForgottenRoots> {
  const target = await findTarget(deps, text)
  if (target.kind === 'name' && target.number === undefined) return await forgetName(deps, target.name)
  const root = target.kind === 'root' ? target.root : (await deps.histories.version(target.name, target.number)).root
  if (!await dropRoot(deps, root)) throw new AppError('ROOT_UNKNOWN', `${root} is not here`, { exit: 'notFound', hints: ["see what is: 'ipfs-dedup-sync stat'"] })
  return { roots: [root], name: target.kind === 'name' ? target.name.text : undefined, nameForgotten: false }
}

async function forgetName (deps: SyncDeps, name: IpnsName): Promise<ForgottenRoots> {
  const known = deps.known.get(name)
  if (known === undefined) throw new AppError('NAME_UNKNOWN', `nothing is known of ${name.text}`, { exit: 'notFound' })
  if (isOwn(known)) throw new AppError('NAME_OURS', `${name.text} is published from here: its history is what the next version follows on`, { exit: 'refused', hints: [`forget one of its versions: 'ipfs-dedup-sync forget ${name.text}@1'`, `or serve it no longer: 'ipfs-dedup-sync unserve ${name.text}'`] })
  const roots = await deps.histories.forget(name)
  await deps.known.forget(name)
  await deps.policy.forget(name.text)
  const dropped: string[] = []
  // What stands in another history as well, or was added by itself, is still wanted.
  for (const root of roots) if (!await isWanted(deps, root) && await dropRoot(deps, root)) dropped.push(root)
  return { roots: dropped, name: name.text, nameForgotten: true }
}

async function isWanted ({ shelf, histories }: SyncDeps, root: string): Promise<boolean> {
  return (await shelf.root(root))?.served === true || (await histories.namesOf(root)).length > 0
}

async function dropRoot ({ shelf, policy, came }: SyncDeps, root: string): Promise<boolean> {
  const dropped = await shelf.drop(root)
  await policy.forget(root)
  await came.forget(root)
  return dropped
}
