import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { absolutePath } from './absolute-path.ts'
import { readKey } from './read-key.ts'

export interface ReadingArgs {
  readonly chunker: string | undefined
  readonly encryptChunking: string | undefined
  readonly noCopy: boolean
}

export interface ReadingParams { readonly path: string | null, readonly chunker: string | null, readonly gearKey: Uint8Array | null, readonly noCopy: boolean }

/** What `add` and `publish` say of the reading. @param file '-' is standard input @throws AppError CHUNKER_INVALID, USAGE, CHUNK_KEY_INVALID */
export async function readingParams (io: Io, file: string, { chunker, encryptChunking, noCopy }: ReadingArgs): Promise<ReadingParams> {
  const { kind } = chunker === undefined ? { kind: 'fastcdc' } : (await import('../domain/chunking/parse-chunker.ts')).parseChunker(chunker)
  if (encryptChunking !== undefined && kind !== 'fastcdc') throw usage(`--encrypt-chunking does not go with --chunker=${kind}: only fastcdc has a key`)
  if (noCopy && file === '-') throw usage('--no-copy needs a file that stays where it is, and standard input does not')
  return { path: file === '-' ? null : absolutePath(io, file), chunker: chunker ?? null, gearKey: await readKey(io, encryptChunking), noCopy }
}

const usage = (message: string): AppError => new AppError('USAGE', message, { exit: 'usage', hints: ['leave one of the two out'] })
