import { codeOf } from '@ipkit/core/errors/code-of'
import { comparePaths } from '../recipe/path-order.ts'
import type { FileSource, FolderEntry, FolderSource } from './file-source.ts'
import { HashedSource } from './hashed-source.ts'
import type { IngestDeps, Ingested, IngestOptions } from './ingest.ts'
import { lookIntoFile } from './look-into-file.ts'
import type { Looking } from './looking.ts'
import { openWriters } from './open-writers.ts'

const NS_PER_SECOND = 1_000_000_000n
/** Without the bits that give a program its owner's rights. */
const MODE_BITS = 0o1777
const encoder = new TextEncoder()

/**
 * Puts a folder on the shelf, with all that is in it: docs/formats/recipe.md, "Folders". A file of it that changes meanwhile is read anew, once.
 * @throws AppError FILE_CHANGED; what the shelf, the folder and the engine throw
 */
export async function ingestFolder (deps: IngestDeps, source: FolderSource, { chunker, look }: IngestOptions): Promise<Ingested> {
  const writers = openWriters(deps, chunker)
  const { looking } = writers
  const looks = look && chunker.kind === 'fastcdc'
  let total = 0
  let last = new Uint8Array(0)
  looking.layers.saw(0, 'folder')
  try {
    for await (const entry of source.entries((path, what) => { looking.layers.note(`'${path}' is left out: it is ${what}`) })) {
      deps.signal.throwIfAborted()
      const path = encoder.encode(entry.path)
      if (comparePaths(last, path) >= 0) throw new Error(`'${entry.path}' comes too late`)
      last = path
      if (entry.type === 'file') total += await writeFile(deps, looking, entry, path, looks, total)
      else await looking.recipe.step(entry.type === 'folder' ? { kind: 'folder', path, mode: entry.mode & MODE_BITS, ...timeOf(entry) } : { kind: 'symlink', path, target: encoder.encode(entry.target), ...timeOf(entry) })
    }
    return { sizeBytes: total, ...await writers.finish({ kind: 'folder', sizeBytes: total }) }
  } finally {
    await writers.close()
  }
}

/** @returns its size */
async function writeFile (deps: IngestDeps, looking: Looking, entry: FolderEntry & { readonly type: 'file' }, path: Uint8Array, looks: boolean, doneBytes: number): Promise<number> {
  const { recipe, content, corrections } = looking
  const place = { recipe: recipe.mark(), content: await content.mark(), corrections: corrections.mark() }
  const write = async (source: FileSource): Promise<number> => {
    const { sizeBytes } = source
    const hashed = new HashedSource(source, deps.newHash(), bytes => { deps.onProgress('reading', doneBytes + bytes, doneBytes + sizeBytes) })
    await recipe.step({ kind: 'file', path, mode: entry.mode & MODE_BITS, ...timeOf(entry), sparse: Number(entry.sparse), sizeBytes })
    if (looks) await lookIntoFile(looking, hashed, sizeBytes)
    else await takeAsItIs(looking, hashed)
    await looking.jobs.drain()
    await recipe.step({ kind: 'sum', sha256: await hashed.digest() })
    return sizeBytes
  }
  try {
    return await write(entry.source)
  } catch (e) {
    if (codeOf(e) !== 'FILE_CHANGED') throw e
    await looking.jobs.drain()
    recipe.goBack(place.recipe)
    corrections.goBack(place.corrections)
    await content.goBack(place.content)
    return await write(await entry.source.again())
  }
}

async function takeAsItIs ({ content, recipe }: Looking, source: HashedSource): Promise<void> {
  let sizeBytes = 0
  for await (const bytes of source.read(0)) {
    sizeBytes += bytes.length
    await content.write(bytes)
  }
  if (sizeBytes > 0) await recipe.step({ kind: 'copy', sizeBytes })
}

function timeOf ({ mtimeNs }: FolderEntry): { readonly seconds: number, readonly nanoseconds: number } {
  const nanoseconds = (mtimeNs % NS_PER_SECOND + NS_PER_SECOND) % NS_PER_SECOND
  return { seconds: Number((mtimeNs - nanoseconds) / NS_PER_SECOND), nanoseconds: Number(nanoseconds) }
}
