import { createHash } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { fileError } from '@ipkit/core/errors/file-error'
import { LongFile } from '@ipkit/core/storage/long-file'
import { diskError, diskFs } from '@ipkit/core/storage/storage-fs'
import type { DeflateEngine } from '../domain/deflate/deflate-engine.ts'
import { pointingSession } from '../domain/keeping/pointing-session.ts'
import type { Shelf, ShelfSession } from '../domain/keeping/shelf.ts'
import { ingestFolder } from '../domain/looking/ingest-folder.ts'
import { ingest, type IngestDeps } from '../domain/looking/ingest.ts'
import type { FileSource } from '../domain/looking/file-source.ts'
import type { Intake, IntakeOptions, Taken, Work } from '../domain/syncing/sync-ports.ts'
import { diskFileSource } from './disk-file-source.ts'
import { diskFolderSource } from './disk-folder-source.ts'
import { nodeInflate } from './node-inflate.ts'
import { type ChunkThreads, openChunks } from './open-chunks.ts'

export interface NodeIntakeDeps {
  readonly shelf: Shelf
  readonly engine: DeflateEngine
  readonly threads: ChunkThreads
  /** Where standard input waits for its end; absolute, ours alone. What is in it is removed. */
  readonly spoolFolder: string
  randomBytes(sizeBytes: number): Uint8Array
}

/** Reads files and folders of the disk. */
export async function nodeIntake ({ shelf, engine, threads, spoolFolder, randomBytes }: NodeIntakeDeps): Promise<Intake> {
  await rm(spoolFolder, { recursive: true, force: true })
  await mkdir(spoolFolder, { recursive: true, mode: 0o700 })

  const withDeps = async (session: ShelfSession, sizeBytes: number, { chunker, gearKey }: IntakeOptions, { signal, onProgress }: Work, use: (deps: IngestDeps) => Promise<Omit<Taken, 'file'>>): Promise<Omit<Taken, 'file'>> => {
    await using chunks = openChunks(threads, chunker, gearKey, sizeBytes)
    return await use({
      engine, shelf, session, signal, chunks: chunks.hash, inflate: nodeInflate,
      newHash: () => createHash('sha256'),
      onProgress: (step, doneBytes, totalBytes) => { onProgress({ step, doneBytes, ...totalBytes > 0 ? { totalBytes } : {} }) },
    })
  }
  const readFile = async (session: ShelfSession, source: FileSource, options: IntakeOptions, work: Work): Promise<Taken> =>
    ({ ...await withDeps(session, source.sizeBytes, options, work, async deps => await ingest(deps, source, { chunker: options.chunker, look: true })), file: source.name })

  return {
    async read (session, at, options, work) {
      const file = path.resolve(at)
      if (!await isFolder(file)) return options.noCopy ? await readInPlace(file, session, options, work, withDeps) : await readFile(session, await diskFileSource(file), options, work)
      if (options.noCopy) throw new AppError('NO_COPY_FOLDER', `'${file}' is a folder: only a file can be left where it is`, { exit: 'usage', hints: ['leave --no-copy out'] })
      const source = diskFolderSource(file)
      return { ...await withDeps(session, Infinity, options, work, async deps => await ingestFolder(deps, source, { chunker: options.chunker, look: true })), file: source.name }
    },
    async readStream (session, source, options, work) {
      const spool = path.join(spoolFolder, Buffer.from(randomBytes(8)).toString('hex'))
      try {
        await writeSpool(spool, source, work)
        return { ...await readFile(session, await diskFileSource(spool), options, work), file: undefined }
      } finally {
        await rm(spool, { force: true })
      }
    },
  }
}

type WithDeps = (session: ShelfSession, sizeBytes: number, options: IntakeOptions, work: Work, use: (deps: IngestDeps) => Promise<Omit<Taken, 'file'>>) => Promise<Omit<Taken, 'file'>>

/** As it stands on the disk, so that its own bytes are the chunks: nothing is looked into. */
async function readInPlace (file: string, session: ShelfSession, options: IntakeOptions, work: Work, withDeps: WithDeps): Promise<Taken> {
  const source = await diskFileSource(file)
  const { mtimeNs } = await stat(file, { bigint: true })
  const pointing = await pointingSession(session, { path: file, sizeBytes: source.sizeBytes, mtimeNs })
  const once = { ...source, again: async () => { await source.requireUnchanged(); return source } }
  const taken = await withDeps(pointing, source.sizeBytes, options, work, async deps => await ingest(deps, once, { chunker: options.chunker, look: false }))
  await source.requireUnchanged()
  return { ...taken, file: source.name }
}

async function isFolder (file: string): Promise<boolean> {
  try { return (await stat(file)).isDirectory() } catch (e) { throw fileError(e, file, 'read') }
}

async function writeSpool (spool: string, source: AsyncIterable<Uint8Array>, { signal, onProgress }: Work): Promise<void> {
  try {
    const file = new LongFile(await diskFs.open(spool, 'wx', 0o600))
    try {
      let doneBytes = 0
      for await (const piece of source) {
        signal.throwIfAborted()
        await file.write(piece, doneBytes)
        doneBytes += piece.length
        onProgress({ step: 'reading standard input', doneBytes })
      }
    } finally {
      await file.close()
    }
  } catch (e) {
    throw diskError(e, spool)
  }
}
