import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { processFiles } from '@ipkit/core/cli/process-files'
import { AppError } from '@ipkit/core/errors/app-error'
import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { openTree } from '../domain/tree/open-tree.ts'
import { readRange } from '../domain/tree/read-range.ts'
import type { Outlet, OutputPlace } from '../domain/syncing/sync-ports.ts'

/** Interim: plain files. */
export function nodeOutlet ({ blocks }: { readonly blocks: Pick<BlockStore, 'get'> }): Outlet {
  const place = async ({ path: at, into, overwrite }: OutputPlace, name: string): Promise<string> => {
    const there = await stat(at).catch(() => undefined)
    const file = into || there?.isDirectory() === true ? path.join(at, name) : path.resolve(at)
    if (!overwrite && await stat(file).then(() => true, () => false)) throw new AppError('FILE_EXISTS', `the file '${file}' exists already`, { exit: 'refused', hints: ['name another file, or replace this one with --overwrite'] })
    return file
  }
  return {
    async restore (root, signal) {
      const deps = { blocks, signal }
      const tree = await openTree(deps, root)
      return { kind: 'file', sizeBytes: tree.root.sizeBytes, sha256: undefined, bytes: readRange(deps, tree) }
    },
    check: place,
    async write (restored, output, name, work) {
      const file = await place(output, name)
      if (restored.kind === 'folder') throw new Error('folders come later')
      const hash = createHash('sha256')
      await using whole = await processFiles('/').createWhole(file, { overwrite: output.overwrite, mode: 0o666 & ~output.umask })
      let doneBytes = 0
      for await (const piece of restored.bytes) {
        hash.update(piece)
        await whole.write(piece)
        doneBytes += piece.length
        work.onProgress({ step: 'writing', doneBytes, totalBytes: restored.sizeBytes })
      }
      const sha256 = new Uint8Array(hash.digest())
      if (restored.sha256 !== undefined && Buffer.compare(restored.sha256, sha256) !== 0) throw new AppError('RESTORED_WRONG', `what ${file} would hold has another hash`, { exit: 'refused' })
      await whole.commit()
      return { file, sha256 }
    },
    async hash (restored, work) {
      if (restored.kind === 'folder') return undefined
      const hash = createHash('sha256')
      for await (const piece of restored.bytes) { work.signal.throwIfAborted(); hash.update(piece) }
      return new Uint8Array(hash.digest())
    },
  }
}
