/** Unpacks a `.tar.gz`. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { isAppError, type AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { extract, type Header } from 'tar-stream'
import { archiveRefused } from '../domain/archive-entry.ts'
import { MAX_ENTRIES, MAX_UNPACKED_BYTES } from '../domain/archive-limits.ts'
import { damaged } from './damaged-archive.ts'
import type { UnpackedTree } from './unpacked-tree.ts'

/** With headers, and the padding of each entry: what is over unpacks to nothing, for ever. */
const MAX_TAR_BYTES = MAX_UNPACKED_BYTES + MAX_ENTRIES * 4096

/** @throws AppError ARCHIVE_REFUSED, those of `tree`; the disk's own errors; the signal's reason */
export async function unpackTar (file: string, tree: UnpackedTree, signal: AbortSignal): Promise<void> {
  const gunzip = createGunzip()
  const tar = extract()
  const adding = (async () => {
    for await (const entry of tar) {
      await addEntry(tree, entry.header, entry as AsyncIterable<Uint8Array>)
      entry.resume() // what has no use for its bytes
    }
  })()
  const [reading, added] = await Promise.allSettled([pipeline(createReadStream(file), gunzip, limited, tar, { signal }), adding.catch((e: unknown) => { gunzip.destroy(); tar.destroy(); throw e })])
  signal.throwIfAborted()
  if (added.status === 'rejected' && isAppError(added.reason)) throw added.reason
  if (reading.status === 'rejected') throw codeOf(reading.reason) === 'ABORT_ERR' ? behindItsEnd() : damaged(reading.reason, file) // gunzip has left what it was still given
  if (added.status === 'rejected') throw damaged(added.reason, file)
  if (gunzip.bytesWritten !== (await stat(file)).size) throw behindItsEnd()
}

const behindItsEnd = (): AppError => archiveRefused('there is something behind its end')

async function * limited (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_TAR_BYTES) throw archiveRefused(`it unpacks to over ${MAX_TAR_BYTES} bytes; that is the limit`)
    yield chunk
  }
}

async function addEntry (tree: UnpackedTree, { name, type, mode, size, linkname }: Header, source: AsyncIterable<Uint8Array>): Promise<void> {
  switch (type as Header['type'] | null) {
    case 'directory': await tree.addFolder(name); break
    case 'file': case 'contiguous-file': await tree.addFile(name, { mode, sizeBytes: size, source }); break
    case 'symlink': tree.addLink(name, (linkname as string | null) ?? ''); break
    default: throw archiveRefused(`a ${type ?? 'thing of an unknown kind'}, where files, folders and symbolic links are expected`, name)
  }
}
