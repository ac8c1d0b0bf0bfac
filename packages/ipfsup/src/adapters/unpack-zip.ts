/** Unpacks a `.zip`. */
import { crc32 } from 'node:zlib'
import { openPromise, type Entry, type ZipFile } from 'yauzl'
import { archiveRefused } from '../domain/archive-entry.ts'
import { MAX_ENTRIES } from '../domain/archive-limits.ts'
import { damaged } from './damaged-archive.ts'
import type { UnpackedTree } from './unpacked-tree.ts'

/** Of a mode of Unix, in the upper half of the attributes; 0 where the archive was made elsewhere. */
const KIND = 0o170000
const FILE = 0o100000
const FOLDER = 0o040000

/** @throws AppError ARCHIVE_REFUSED, those of `tree`; the disk's own errors; the signal's reason */
export async function unpackZip (file: string, tree: UnpackedTree, signal: AbortSignal): Promise<void> {
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(file, { strictFileNames: true, validateEntrySizes: true, autoClose: false })
    if (zip.entryCount > MAX_ENTRIES) throw archiveRefused(`it has over ${MAX_ENTRIES} entries; that is the limit`)
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted()
      await addEntry(zip, entry, tree, signal)
    }
  } catch (e) {
    signal.throwIfAborted()
    throw damaged(e, file)
  } finally {
    zip?.close()
  }
}

async function addEntry (zip: ZipFile, entry: Entry, tree: UnpackedTree, signal: AbortSignal): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16
  const kind = mode & KIND
  if (kind !== 0 && kind !== FILE && kind !== FOLDER) throw archiveRefused('a link or a device, where files and folders are expected', entry.fileName)
  if (entry.fileName.endsWith('/') !== (kind === FOLDER) && kind !== 0) throw archiveRefused('a folder that is called like a file, or a file like a folder', entry.fileName)
  if (entry.fileName.endsWith('/')) { await tree.addFolder(entry.fileName); return }
  if (!entry.canDecodeFileData()) throw archiveRefused('a file that is encrypted, or packed in an unknown way', entry.fileName)
  const source = await zip.openReadStreamPromise(entry)
  source.on('error', () => {}) // it may come before anybody reads; whoever reads gets it
  const stop = (): void => { source.destroy(signal.reason as Error) }
  signal.addEventListener('abort', stop, { once: true })
  try {
    await tree.addFile(entry.fileName, { mode, sizeBytes: entry.uncompressedSize, source: checked(source as AsyncIterable<Uint8Array>, entry) })
  } finally {
    signal.removeEventListener('abort', stop)
    source.destroy()
  }
}

/** Yauzl compares sizes and leaves the sum to us. */
async function * checked (source: AsyncIterable<Uint8Array>, { crc32: told, fileName }: Entry): AsyncGenerator<Uint8Array> {
  let sum = 0
  for await (const chunk of source) {
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sum !== told) throw archiveRefused('it is damaged: a file with another sum than it tells', fileName)
}
