import type { Stats } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import { fileError } from '../errors/file-error.ts'
import { LongFile } from '../storage/long-file.ts'
import type { FileAccess, ReadableFile, WholeFile } from './io.ts'
import { removeStale, tempName } from './temp-files.ts'

const CHUNK_BYTES = 1 << 20

/** The few fs calls used for writing; a test injects a failing one at each step. */
export type WriteFs = Pick<typeof nodeFs, 'open' | 'rename' | 'link' | 'rm' | 'lstat'>

/** Files of the real disk, paths relative to `cwd`. */
export function processFiles (cwd: string, fs: WriteFs = nodeFs): FileAccess {
  const at = (file: string): string => path.resolve(cwd, file)
  return {
    openRead: async file => await openRead(at(file), file),
    createWhole: async (file, options) => await createWhole(at(file), file, options ?? {}, fs),
    readText: async (file, maxBytes) => {
      await using opened = await openRead(at(file), file)
      const chunks: Uint8Array[] = []
      let sizeBytes = 0
      for await (const chunk of opened.source) {
        chunks.push(chunk)
        sizeBytes += chunk.length
        if (sizeBytes > maxBytes) throw new AppError('FILE_TOO_LARGE', `'${file}' is over ${maxBytes} bytes, which is the limit here`, { exit: 'usage' })
      }
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
      } catch (e) {
        throw new AppError('FILE_NOT_TEXT', `'${file}' is not text in UTF-8`, { exit: 'usage', cause: e })
      }
    },
  }
}

async function openRead (absolute: string, shown: string): Promise<ReadableFile> {
  try {
    const before = await nodeFs.stat(absolute)
    if (!before.isFile()) throw notRegular(before.isDirectory(), shown) // before open: opening a FIFO would wait for its writer
    const handle = await nodeFs.open(absolute, 'r')
    try {
      const opened = await handle.stat()
      return { name: path.basename(absolute), sizeBytes: opened.size, source: chunksOf(handle, shown, opened), [Symbol.asyncDispose]: async () => { await handle.close() } }
    } catch (e) {
      await handle.close()
      throw e
    }
  } catch (e) {
    throw fileError(e, shown, 'read')
  }
}

function notRegular (isFolder: boolean, shown: string): AppError {
  return isFolder
    ? new AppError('FILE_IS_DIRECTORY', `'${shown}' is a folder, not a file`, { exit: 'usage', hints: [`pack it first: tar -czf ${/[^./]/.test(path.basename(shown)) ? path.basename(shown) : 'folder'}.tar.gz '${shown}'`] })
    : new AppError('FILE_NOT_REGULAR', `'${shown}' is a pipe or a device, not a file`, { exit: 'usage', hints: [`read it from standard input: ... - < '${shown}'`] })
}

async function * chunksOf (handle: nodeFs.FileHandle, shown: string, opened: Stats): AsyncGenerator<Uint8Array> {
  let doneBytes = 0
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES) // never reused: the consumer may keep it
    let bytesRead: number
    try { ({ bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null)) } catch (e) { throw fileError(e, shown, 'read') }
    doneBytes += bytesRead
    if (bytesRead === 0 ? await hasChanged(handle, opened, doneBytes) : opened.size > 0 && doneBytes > opened.size) {
      throw new AppError('FILE_CHANGED', `'${shown}' changed while it was read`, { exit: 'failed', hints: ['wait until nothing writes to it, then run the command again'] })
    }
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

/** What the system makes up as it is read (/proc) has size 0 and no time that means anything. */
async function hasChanged (handle: nodeFs.FileHandle, opened: Stats, doneBytes: number): Promise<boolean> {
  if (opened.size === 0) return false
  const { size, mtimeMs } = await handle.stat()
  return doneBytes !== opened.size || size !== opened.size || mtimeMs !== opened.mtimeMs
}

/** A file that appears only when it is whole: hidden temp file in the same folder, fsync, rename, fsync of the folder. */
async function createWhole (absolute: string, shown: string, options: { readonly overwrite?: boolean, readonly mode?: number }, fs: WriteFs): Promise<WholeFile> {
  const folder = path.dirname(absolute)
  const temp = tempName(absolute)
  const guard = async <T>(step: () => Promise<T>): Promise<T> => {
    try { return await step() } catch (e) { throw fileError(e, shown, 'write') }
  }
  await guard(async () => {
    const there = await fs.lstat(absolute).catch((e: unknown) => { if (codeOf(e) !== 'ENOENT') throw e; return undefined })
    if (there?.isDirectory() === true) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' })
    if (there !== undefined && options.overwrite !== true) throw Object.assign(new Error('is there'), { code: 'EEXIST' })
  })
  await removeStale(folder)
  const file = new LongFile(await guard(async () => await fs.open(temp, 'wx', options.mode ?? 0o666)))
  let sizeBytes = 0
  let state: 'open' | 'committed' | 'gone' = 'open'
  const dispose = async (): Promise<void> => {
    if (state !== 'open') return
    state = 'gone'
    await file.close().catch(() => {})
    await fs.rm(temp, { force: true })
  }
  return {
    async write (bytes) {
      await guard(async () => { await file.write(bytes, sizeBytes) })
      sizeBytes += bytes.length
    },
    async commit () {
      try {
        await guard(async () => {
          await file.finish()
          await file.close()
          if (options.overwrite === true) await fs.rename(temp, absolute)
          else await placeNew(temp, absolute, fs)
          state = 'committed'
          const folderHandle = await fs.open(folder, 'r')
          try { await folderHandle.sync() } finally { await folderHandle.close() }
        })
      } catch (e) {
        await dispose()
        throw e
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** rename() replaces silently; link() fails when somebody made the file meanwhile. Some file systems have no links. */
async function placeNew (temp: string, absolute: string, fs: WriteFs): Promise<void> {
  try {
    await fs.link(temp, absolute)
  } catch (e) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(e) ?? '')) throw e
    const there = await fs.lstat(absolute).then(() => true, () => false)
    if (there) throw Object.assign(new Error('is there'), { code: 'EEXIST' })
    await fs.rename(temp, absolute)
    return
  }
  await fs.rm(temp, { force: true })
}
