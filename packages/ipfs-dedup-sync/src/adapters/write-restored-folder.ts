import { chmod, lutimes, mkdir, symlink, utimes } from 'node:fs/promises'
import path from 'node:path'
import { LongFile } from '@ipkit/core/storage/long-file'
import { syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { RestoredEntry } from '../domain/recipe/restored.ts'

type RestoredFile = RestoredEntry & { readonly type: 'file' }
type RestoredFolder = RestoredEntry & { readonly type: 'folder' }

/** Zeros of so many bytes at a place that is a multiple of it become a hole. */
const HOLE_BYTES = 4096

/**
 * Writes entries below a folder that nobody else writes to. They come in the order of the recipe, which lets none be in anything but a folder that was made here; a folder gets its mode and
 * time when all that is in it is there.
 * @param folder absolute, new and empty
 * @param mode of the folder itself
 */
export async function writeRestoredFolder (entries: AsyncIterable<RestoredEntry>, folder: string, mode: number, fs: StorageFs, onProgress: (doneBytes: number) => void): Promise<void> {
  const open: RestoredFolder[] = []
  const close = async ({ path: inside, mode, mtimeNs }: RestoredFolder): Promise<void> => {
    const place = path.join(folder, inside)
    await syncFolder(fs, place)
    await chmod(place, mode)
    await utimes(place, seconds(mtimeNs), seconds(mtimeNs))
  }
  let doneBytes = 0
  for await (const entry of entries) {
    const place = path.join(folder, entry.path)
    while (open.length > 0 && !entry.path.startsWith(`${open.at(-1)!.path}/`)) await close(open.pop()!)
    if (entry.type === 'folder') {
      await mkdir(place, { mode: 0o700 })
      open.push(entry)
    } else if (entry.type === 'symlink') {
      await symlink(entry.target, place)
      await lutimes(place, seconds(entry.mtimeNs), seconds(entry.mtimeNs))
    } else {
      const before = doneBytes
      await writeFile(entry, place, fs, bytes => { onProgress(before + bytes) })
      doneBytes += entry.sizeBytes
    }
  }
  for (const left of open.reverse()) await close(left)
  await chmod(folder, mode)
  await syncFolder(fs, folder)
}

async function writeFile ({ bytes, sizeBytes, sparse, mode, mtimeNs }: RestoredFile, place: string, fs: StorageFs, onProgress: (doneBytes: number) => void): Promise<void> {
  const handle = await fs.open(place, 'wx', 0o600)
  const file = new LongFile(handle)
  try {
    let at = 0
    for await (const piece of bytes) {
      if (sparse) await writeAroundHoles(file, piece, at)
      else await file.write(piece, at)
      at += piece.length
      onProgress(at)
    }
    if (sparse) await handle.truncate(sizeBytes) // a hole at the end has no byte that makes it long enough
    await file.finish()
  } finally {
    await file.close()
  }
  await chmod(place, mode)
  await utimes(place, seconds(mtimeNs), seconds(mtimeNs))
}

async function writeAroundHoles (file: LongFile, piece: Uint8Array, position: number): Promise<void> {
  let waiting = 0
  for (let from = 0; from < piece.length;) {
    const end = Math.min(piece.length, from + HOLE_BYTES - (position + from) % HOLE_BYTES)
    if (end - from === HOLE_BYTES && piece.subarray(from, end).every(byte => byte === 0)) {
      if (waiting < from) await file.write(piece.subarray(waiting, from), position + waiting)
      waiting = end
    }
    from = end
  }
  if (waiting < piece.length) await file.write(piece.subarray(waiting), position + waiting)
}

/** As utimes takes them: to the microsecond. */
function seconds (ns: bigint): number {
  return Number((ns + 500n) / 1000n) / 1e6
}
