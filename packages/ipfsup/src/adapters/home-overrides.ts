import { mkdir, readdir, readFile, rmdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'

const FILE = 'version'

export interface HomeOverrides {
  of(folder: string): Promise<string | undefined>
  set(folder: string, version: string | undefined): Promise<void>
  all(): Promise<ReadonlyArray<{ readonly folder: string, readonly version: string }>>
}

/** What `ipfsup use` set: `overrides/<absolute path>/version`, so that the shim finds it by a name alone. */
export function homeOverrides (root: string): HomeOverrides {
  const fileOf = (folder: string): string => {
    if (!path.isAbsolute(folder) || path.resolve(folder) !== folder || /[\n\0]/.test(folder)) throw new AppError('FOLDER_INVALID', `'${folder}' cannot have a version of its own`, { exit: 'usage', hints: ['go to a folder whose path has no line end in it'] })
    return path.join(root, folder, FILE)
  }
  return {
    async of (folder) {
      try {
        return (await readFile(fileOf(folder), 'utf8')).trim() || undefined
      } catch (e) {
        if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(e) ?? '')) return undefined
        throw fileError(e, fileOf(folder), 'read')
      }
    },
    async set (folder, version) {
      const file = fileOf(folder)
      try {
        if (version !== undefined) {
          await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
          await atomicWrite(file, new TextEncoder().encode(`${version}\n`))
          return
        }
        await unlink(file).catch((e: unknown) => { if (!['ENOENT', 'ENOTDIR'].includes(codeOf(e) ?? '')) throw e })
        for (let at = path.dirname(file); at !== root; at = path.dirname(at)) await rmdir(at) // as far as nothing else is in it
      } catch (e) {
        if (version === undefined && ['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(codeOf(e) ?? '')) return
        if (['EISDIR', 'ENOTDIR', 'EEXIST'].includes(codeOf(e) ?? '')) throw new AppError('FOLDER_INVALID', `'${folder}' cannot have a version of its own: another folder with one is in the way, by the name 'version'`, { exit: 'usage', cause: e, hints: ["use a pin file there: 'ipfsup use --pin'"] })
        throw fileError(e, file, 'write')
      }
    },
    async all () {
      const found: Array<{ folder: string, version: string }> = []
      for await (const folder of foldersWith(root, '/')) {
        const version = await this.of(folder)
        if (version !== undefined) found.push({ folder, version })
      }
      return found
    },
  }
}

async function * foldersWith (root: string, below: string): AsyncGenerator<string> {
  const entries = await readdir(path.join(root, below), { withFileTypes: true }).catch(() => [])
  if (entries.some(entry => entry.isFile() && entry.name === FILE)) yield below
  for (const entry of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) if (entry.isDirectory()) yield * foldersWith(root, path.join(below, entry.name))
}
