import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { VerifyItem } from '../../rpc.ts'
import type { KeptRoot } from '../keeping/shelf.ts'
import { findTarget } from './find-target.ts'
import type { SyncDeps, Work } from './sync-ports.ts'

/** Reads all blocks of what is kept, and gives each file back to compare it with what was added. @param text undefined: everything @throws AppError TARGET_UNKNOWN, ROOT_UNKNOWN */
export async function * verifyRoots (deps: SyncDeps, text: string | undefined, repair: boolean, work: Work): AsyncGenerator<VerifyItem> {
  for (const kept of await rootsOf(deps, text)) yield await verifyRoot(deps, kept, repair, work)
}

async function rootsOf (deps: SyncDeps, text: string | undefined): Promise<KeptRoot[]> {
  if (text === undefined) {
    const all: KeptRoot[] = []
    for await (const kept of deps.shelf.roots()) all.push(kept)
    return all
  }
  const target = await findTarget(deps, text)
  const root = target.kind === 'root' ? target.root : (await deps.histories.version(target.name, target.number)).root
  const kept = await deps.shelf.root(root)
  if (kept === undefined) throw new AppError('ROOT_UNKNOWN', `${root} is not here`, { exit: 'notFound', hints: ["see what is: 'ipfs-dedup-sync stat'"] })
  return [kept]
}

async function verifyRoot (deps: SyncDeps, kept: KeptRoot, repair: boolean, work: Work): Promise<VerifyItem> {
  const { root, name, sizeBytes } = kept
  const item = { root, file: name ?? null, blocks: 0, bytes: 0, damaged: 0 }
  try {
    const { checkedBlocks, checkedBytes, damagedBlocks } = await deps.shelf.verify(root, { signal: work.signal, repair, onProgress: doneBytes => { work.onProgress({ step: 'reading blocks', doneBytes }) } })
    const read = { ...item, blocks: checkedBlocks, bytes: checkedBytes, damaged: damagedBlocks }
    if (damagedBlocks > 0) return { ...read, restores: false, error: { code: 'BLOCK_DAMAGED', message: `${damagedBlocks} blocks are not as they were` } }
    await giveBack(deps, kept, { ...work, onProgress: event => { work.onProgress({ totalBytes: sizeBytes, ...event, step: 'giving it back' }) } })
    return { ...read, restores: true, error: null }
  } catch (e) {
    work.signal.throwIfAborted()
    if (!isAppError(e)) throw e
    return { ...item, restores: false, error: { code: e.code, message: e.message.slice(0, 2048) } }
  }
}

/** @throws AppError RESTORED_WRONG */
async function giveBack ({ outlet }: SyncDeps, { root, sha256 }: KeptRoot, work: Work): Promise<void> {
  const hash = await outlet.hash(await outlet.restore(root, work.signal), work)
  if (hash === undefined || sha256 === undefined || hash.every((byte, i) => byte === sha256[i])) return
  throw new AppError('RESTORED_WRONG', `${root} gives back another file than was added`, { exit: 'refused' })
}
