import { lstat, readdir, readlink } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import path from 'node:path'
import { fileError } from '@ipkit/core/errors/file-error'
import type { FolderEntry, FolderSource } from '../domain/looking/file-source.ts'
import { comparePaths } from '../domain/recipe/path-order.ts'
import { diskFileSource } from './disk-file-source.ts'

const BLOCK_BYTES = 512n

/**
 * A folder on disk, without itself: what is in it, links as links.
 * @param folder absolute
 */
export function diskFolderSource (folder: string): FolderSource {
  return { name: path.basename(folder), entries: onSkipped => walk(folder, '', onSkipped) }
}

async function * walk (root: string, below: string, onSkipped: (path: string, what: string) => void): AsyncGenerator<FolderEntry> {
  const folder = path.join(root, below)
  let names
  try { names = await readdir(folder, { encoding: 'buffer' }) } catch (e) { throw fileError(e, folder, 'read') }
  names.sort(comparePaths)
  for (const bytes of names) {
    const name = bytes.toString('utf8')
    const inside = below === '' ? name : `${below}/${name}`
    if (!Buffer.from(name).equals(bytes)) { onSkipped(inside, 'under a name that is not UTF-8'); continue }
    yield * entry(root, inside, onSkipped)
  }
}

async function * entry (root: string, inside: string, onSkipped: (path: string, what: string) => void): AsyncGenerator<FolderEntry> {
  const file = path.join(root, inside)
  let state: BigIntStats
  try { state = await lstat(file, { bigint: true }) } catch (e) { throw fileError(e, file, 'read') }
  const { mtimeNs } = state
  const mode = Number(state.mode & 0o7777n)
  if (state.isSymbolicLink()) yield { type: 'symlink', path: inside, target: await readlink(file), mtimeNs }
  else if (state.isDirectory()) {
    yield { type: 'folder', path: inside, mode, mtimeNs }
    yield * walk(root, inside, onSkipped)
  } else if (state.isFile()) yield { type: 'file', path: inside, mode, mtimeNs, sparse: state.blocks * BLOCK_BYTES < state.size, source: await diskFileSource(file, { follow: false }) }
  else onSkipped(inside, state.isSocket() ? 'a socket' : state.isFIFO() ? 'a pipe' : 'a device')
}
