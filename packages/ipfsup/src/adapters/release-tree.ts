import { lstat, open, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '@ipkit/core/errors/code-of'
import { syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'

/** js-ipfs has some 20,000 files: one at a time they take a disk a minute to sync. */
const AT_ONCE = 16
const READ_BYTES = 256 * 1024

interface TreeEntry {
  /** Below the folder that was walked, with `/`. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'other'
}

/** Everything below a folder, links not followed; a folder comes before what is in it. Nothing where there is no such folder. */
async function * walkTree (root: string, below = ''): AsyncGenerator<TreeEntry> {
  let entries
  try {
    entries = await readdir(path.join(root, below), { withFileTypes: true })
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return
    throw e
  }
  for (const entry of entries) {
    const at = below === '' ? entry.name : `${below}/${entry.name}`
    yield { path: at, kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'other' }
    if (entry.isDirectory()) yield * walkTree(root, at)
  }
}

export async function treeSize (root: string): Promise<number> {
  const sizes = mapConcurrent(walkTree(root), AT_ONCE, async ({ path: at, kind }) => kind === 'file' ? (await lstat(path.join(root, at)).catch(() => undefined))?.size ?? 0 : 0) // removed meanwhile
  let sizeBytes = 0
  for await (const size of sizes) sizeBytes += size
  return sizeBytes
}

/** The SHA-256 of each file by its path, and of what a link leads to; a link to a folder has none. @param leaveOut paths */
export async function hashTree (root: string, leaveOut: readonly string[], signal?: AbortSignal): Promise<Map<string, string>> {
  const sums = new Map<string, string>()
  const spare: Uint8Array[] = []
  const hashes = mapConcurrent(walkTree(root), AT_ONCE, async ({ path: at, kind }): Promise<[string, string] | undefined> => {
    signal?.throwIfAborted()
    const file = path.join(root, at)
    if (leaveOut.includes(at) || kind === 'folder' || kind === 'other' || (kind === 'link' && (await stat(file)).isDirectory())) return undefined
    const buffer = spare.pop() ?? new Uint8Array(READ_BYTES)
    const sum = await hashFile(file, buffer)
    spare.push(buffer)
    return [at, sum]
  })
  for await (const sum of hashes) if (sum !== undefined) sums.set(...sum)
  return sums
}

async function hashFile (file: string, buffer: Uint8Array): Promise<string> {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256') // loaded by whoever hashes: sizes are asked for by others
  const handle = await open(file)
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length)
      hash.update(buffer.subarray(0, bytesRead))
      if (bytesRead === 0) return hash.digest('hex')
    }
  } finally {
    await handle.close()
  }
}

/** Makes everything below a folder, and its own names, durable. */
export async function syncTree (fs: StorageFs, root: string): Promise<void> {
  const synced = mapConcurrent(walkTree(root), AT_ONCE, async ({ path: at, kind }) => {
    if (kind === 'folder') { await syncFolder(fs, path.join(root, at)); return }
    if (kind !== 'file') return
    const handle = await fs.open(path.join(root, at), 'r')
    try { await handle.sync() } finally { await handle.close() }
  })
  for await (const _ of synced) { /* some at once */ }
  await syncFolder(fs, root)
}

/** What a release must not hold: links that lead out of it or nowhere, and what is neither file nor folder. @returns why, in words */
export async function strayEntries (root: string): Promise<string[]> {
  const stray: string[] = []
  const real = await realpath(root)
  for await (const { path: at, kind } of walkTree(root)) {
    if (kind === 'other') stray.push(`${at}: is no file`)
    if (kind !== 'link') continue
    const to = await realpath(path.join(root, at)).catch(() => undefined)
    if (to === undefined || !to.startsWith(`${real}${path.sep}`)) stray.push(`${at}: is a link that leads ${to === undefined ? 'nowhere' : 'out of the release'}`)
  }
  return stray
}
