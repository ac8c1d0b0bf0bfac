import path from 'node:path'
import type { BulkStore } from '@ipkit/core/daemon/service'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { diskError, isErrno, syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { PACK_MAGIC } from '../domain/keeping/pack-record.ts'
import { ShelfIndex } from '../domain/keeping/shelf-index.ts'
import { BlockBytes } from './block-bytes.ts'
import { KeptRoots } from './kept-roots.ts'
import { KnownBlocks } from './known-blocks.ts'
import { MAX_PACK_BYTES, PackFiles, packName, removeFile } from './pack-files.ts'
import { PackShelf } from './pack-shelf.ts'
import { PointedFiles } from './pointed-files.ts'
import { ShelfParts } from './shelf-parts.ts'

export interface PackShelfDeps {
  /** Absolute, the shelf's own; it exists. Packs stand in `packs` below it. */
  readonly folder: string
  /** The shelf's own: all keys are its. */
  readonly index: BulkStore
  readonly fs: StorageFs
  readonly nowMs: () => number
  readonly maxPackBytes?: number
}

/**
 * The shelf on disk. One at a time for a folder. Disposing of it makes durable what sessions have put.
 * @throws AppError SHELF_DAMAGED, SHELF_VERSION, DISK_FULL
 */
export async function openPackShelf ({ folder, index: store, fs, nowMs, maxPackBytes = MAX_PACK_BYTES }: PackShelfDeps): Promise<PackShelf> {
  const packFolder = path.join(folder, 'packs')
  const known = new KnownBlocks(store)
  const index = await ShelfIndex.open({
    store,
    known,
    syncPacks: async () => { await packs.sync() },
    onRolledBack: async (e, facts, indexWritten) => {
      const cause = shelfError(e, packFolder)
      parts.rollbacks++
      parts.rollbackCause = cause
      files.rolledBack(index.state.files)
      await packs.abandon(pack => facts.get(pack)?.endBytes, !indexWritten)
      return cause
    },
  })
  const files = await PointedFiles.read(store)
  const packs = await openPacks(fs, packFolder, index, maxPackBytes).catch((e: unknown) => { throw shelfError(e, packFolder) })
  const bytes = new BlockBytes(fs, packs, file => files.pathOf(file))
  const parts = new ShelfParts({ index, packs, bytes, store, nowMs })
  files.attach(parts)
  return new PackShelf({ parts, files, roots: new KeptRoots(parts) }, async () => {
    await known.end()
    try {
      await parts.commit()
    } finally {
      await packs.close()
      await bytes.close()
    }
  })
}

/** Brings the files to what the index says of them: what came after the last commit goes. */
async function openPacks (fs: StorageFs, folder: string, index: ShelfIndex, maxPackBytes: number): Promise<PackFiles> {
  await fs.mkdir(folder, { mode: 0o700 }).catch((e: unknown) => { if (!isErrno(e, 'EEXIST')) throw e })
  await syncFolder(fs, path.dirname(folder))
  const names = await fs.readdir(folder)
  const wanted = new Set([...index.packs.keys()].map(packName))
  for (const name of names) if (!wanted.has(name)) await removeFile(fs, path.join(folder, name))
  const last = Math.max(0, ...index.packs.keys())
  const numbers = (await fs.readdir(folder)).map(name => Number.parseInt(name, 10)).filter(Number.isFinite)
  const packs = new PackFiles({ fs, folder, maxPackBytes, lastNumber: Math.max(last, ...numbers) })
  const facts = index.packs.get(last)
  if (facts === undefined || facts.endBytes >= maxPackBytes || !names.includes(packName(last))) return packs
  const handle = await fs.open(packs.file(last), 'r+')
  try {
    const { size } = await handle.stat()
    if (size < facts.endBytes || size < PACK_MAGIC.length) { // damaged: its blocks are found to be lost when they are read
      await handle.close()
      return packs
    }
    if (size > facts.endBytes) await handle.truncate(facts.endBytes)
    packs.resume(last, facts.endBytes, handle)
    return packs
  } catch (e) {
    await handle.close().catch(() => {})
    throw e
  }
}

/** LevelDB hands on what the system said, as text in the error or in its cause. */
function shelfError (e: unknown, file: string): unknown {
  if (isAppError(e)) return e
  for (let cause = e; typeof cause === 'object' && cause !== null; cause = (cause as { cause?: unknown }).cause) {
    const { code, message = '' } = cause as { code?: unknown, message?: string }
    if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|disk quota exceeded/i.test(message)) return diskError(Object.assign(new Error(message, { cause: e }), { code: 'ENOSPC' }), file)
  }
  const told = diskError(e, file)
  return isAppError(told) || codeOf(e)?.startsWith('E') !== true ? told : new AppError('DISK_FAILED', `${path.dirname(file)}: ${messageOf(e)}`, { cause: e })
}
