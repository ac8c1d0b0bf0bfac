import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '../errors/code-of.ts'

/**
 * A folder and those above it that are missing. Node's own way of it (`recursive`, in 20) never ends where a file system takes no folders at
 * all and says so as ENOENT, as /proc does.
 * @param dir absolute @throws the disk's own errors; EEXIST where something else than a folder is there is not told apart
 */
export async function makeFolders (dir: string, mode: number): Promise<void> {
  try {
    await mkdir(dir, { mode })
  } catch (e) {
    if (codeOf(e) === 'EEXIST') return
    if (codeOf(e) !== 'ENOENT' || path.dirname(dir) === dir) throw e
    await makeFolders(path.dirname(dir), mode)
    await mkdir(dir, { mode }).catch((again: unknown) => { if (codeOf(again) !== 'EEXIST') throw again })
  }
}
