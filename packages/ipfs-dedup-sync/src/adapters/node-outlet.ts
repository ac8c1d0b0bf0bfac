import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { BlockStore } from '@ipkit/core/blocks/block-store'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import type { DeflateEngine } from '../domain/deflate/deflate-engine.ts'
import { requireHash } from '../domain/recipe/require-hash.ts'
import { restore } from '../domain/recipe/restore.ts'
import type { Restored } from '../domain/recipe/restored.ts'
import type { Outlet, OutputPlace } from '../domain/syncing/sync-ports.ts'
import { writeRestored } from './write-restored.ts'

export interface NodeOutletDeps {
  readonly blocks: Pick<BlockStore, 'get'>
  readonly engine: DeflateEngine
}

/** Gives back what is on the shelf, onto the disk. */
export function nodeOutlet ({ blocks, engine }: NodeOutletDeps): Outlet {
  const newHash = (): ReturnType<typeof createHash> => createHash('sha256')
  return {
    restore: async (root, signal) => await restore({ blocks, engine, newHash, signal }, root),
    check: async (place, name) => (await freePlace(place, name)).file,
    async write (restored, output, name, work) {
      const { file, replaces } = await freePlace(output, name, restored.kind)
      const hash = newHash()
      const checked = restored.kind === 'file' ? { ...restored, bytes: hashed(restored, hash) } : restored
      await writeRestored(checked, file, {
        overwrite: replaces, umask: output.umask,
        onProgress: doneBytes => { work.onProgress({ step: 'writing', doneBytes, totalBytes: restored.sizeBytes }) },
      })
      return { file, sha256: restored.kind === 'file' ? hash.digest() : undefined }
    },
    async hash (restored, work) {
      let doneBytes = 0
      const saw = (bytes: Uint8Array): void => {
        work.signal.throwIfAborted()
        doneBytes += bytes.length
        work.onProgress({ step: 'reading', doneBytes, totalBytes: restored.sizeBytes })
      }
      return restored.kind === 'file' ? await hashFile(restored, saw) : await readFolder(restored, saw)
    },
  }

  async function hashFile ({ bytes }: Restored & { readonly kind: 'file' }, saw: (bytes: Uint8Array) => void): Promise<Uint8Array> {
    const hash = newHash()
    for await (const piece of bytes) {
      saw(piece)
      hash.update(piece)
    }
    return hash.digest()
  }
}

/** Each of its files is checked by the recipe as it is read. */
async function readFolder ({ entries }: Restored & { readonly kind: 'folder' }, saw: (bytes: Uint8Array) => void): Promise<undefined> {
  for await (const entry of entries) if (entry.type === 'file') for await (const piece of entry.bytes) saw(piece)
  return undefined
}

/** @throws AppError RESTORED_WRONG behind the last byte: nothing of it is seen then */
async function * hashed ({ bytes, sha256 }: Restored & { readonly kind: 'file' }, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    hash.update(piece)
    yield piece
  }
  if (sha256 !== undefined) requireHash({ update: () => {}, digest: () => hash.copy().digest() }, sha256, 'what was restored')
}

/** A file never replaces a folder: it goes into it; and no folder goes because a publisher has chosen its name. @throws AppError FILE_EXISTS, FILE_NOT_WRITABLE */
async function freePlace ({ path: at, into, overwrite }: OutputPlace, name: string, kind?: Restored['kind']): Promise<{ readonly file: string, readonly replaces: boolean }> {
  const inside = into || (await kindOf(at) === 'folder' && (!overwrite || kind === 'file'))
  const file = inside ? path.join(at, safeName(name)) : path.resolve(at)
  const there = await kindOf(file)
  const replaces = overwrite && !(inside && there === 'folder')
  if (!replaces && there !== undefined) throw new AppError('FILE_EXISTS', `'${file}' exists already`, { exit: 'refused', hints: [overwrite ? `to replace the folder, name it: -o '${file}'` : 'name another place, or replace this one with --overwrite'] })
  if (await kindOf(path.dirname(file)) !== 'folder') throw new AppError('FILE_NOT_WRITABLE', `the folder of '${file}' does not exist`, { exit: 'notFound', hints: ['make the folder first, or name another file'] })
  return { file, replaces }
}

/** What a publisher calls it is no path. */
function safeName (name: string): string {
  const base = name.split('/').at(-1) ?? ''
  if (base !== '' && base !== '.' && base !== '..' && !base.includes('\0')) return base
  throw new AppError('FILE_NAME_INVALID', 'what it is called is no file name', { exit: 'refused', hints: ['name the file: -o FILE'] })
}

async function kindOf (file: string): Promise<'folder' | 'other' | undefined> {
  try {
    return (await stat(file)).isDirectory() ? 'folder' : 'other'
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return undefined
    throw fileError(e, file, 'write')
  }
}
