import { AppError } from '@ipkit/core/errors/app-error'
import { diffRoots, type Difference } from '../diffing/diff-roots.ts'
import { findTarget } from './find-target.ts'
import type { SyncDeps } from './sync-ports.ts'

/** @throws AppError TARGET_UNKNOWN, ROOT_UNKNOWN (only what is here is compared), VERSION_UNKNOWN; as `diffRoots` */
export async function * diffTargets (deps: SyncDeps, a: string, b: string, signal: AbortSignal): AsyncGenerator<Difference> {
  yield * diffRoots({ blocks: deps.shelf, signal }, await rootHere(deps, a), await rootHere(deps, b))
}

async function rootHere (deps: SyncDeps, text: string): Promise<string> {
  const target = await findTarget(deps, text)
  const root = target.kind === 'root' ? target.root : (await deps.histories.version(target.name, target.number)).root
  if ((await deps.shelf.has([root]))[0] === true) return root
  throw new AppError('ROOT_UNKNOWN', `${root} is not here`, { exit: 'notFound', hints: [`fetch it first: 'ipfs-dedup-sync pull ${text}'`] })
}
