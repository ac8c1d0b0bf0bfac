import { constants } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'

const MAX_BYTES = 8 * 1024 * 1024
const MAX_LINKS = 40

/** A file that a person keeps, perhaps as a link into another folder. Text is one character a byte, so that whatever is in it stays. */
export interface UserFile {
  /** Where it really lies. */
  readonly file: string
  /** undefined: there is none. */
  readonly text: string | undefined
  /** Permission bits; undefined: there is none. */
  readonly mode: number | undefined
}

/** @throws AppError FILE_NOT_OURS, FILE_NOT_REGULAR, FILE_TOO_LARGE (exit refused), FILE_NOT_READABLE */
export async function readUserFile (name: string, euid: number): Promise<UserFile> {
  const hints = ["to leave the file alone: 'ipfsup init --no-modify-path'"]
  const file = await followLinks(name)
  try {
    await using handle = await nodeFs.open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const facts = await handle.stat()
    if (!facts.isFile()) throw new AppError('FILE_NOT_REGULAR', `${file} is no regular file`, { exit: 'refused', hints })
    if (facts.uid !== euid) throw new AppError('FILE_NOT_OURS', `${file} belongs to user ${facts.uid}, this process runs as user ${euid}`, { exit: 'refused', hints })
    if (facts.size > MAX_BYTES) throw new AppError('FILE_TOO_LARGE', `${file} has ${facts.size} bytes; the limit is ${MAX_BYTES}`, { exit: 'refused', hints })
    return { file, text: await handle.readFile('latin1'), mode: facts.mode & 0o7777 }
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return { file, text: undefined, mode: undefined }
    throw fileError(e, file, 'read')
  }
}

/** Whole or not at all, with its mode. @param text undefined: the file goes @throws AppError FILE_NOT_WRITABLE, DISK_FULL */
export async function writeUserFile ({ file, mode }: UserFile, text: string | undefined): Promise<void> {
  try {
    if (text === undefined) {
      await nodeFs.unlink(file)
      return
    }
    await nodeFs.mkdir(path.dirname(file), { recursive: true })
    await atomicWrite(file, Buffer.from(text, 'latin1'), mode ?? 0o644)
    if (mode !== undefined) await nodeFs.chmod(file, mode) // what the umask took away
  } catch (e) { throw fileError(e, file, 'write') }
}

/** As the system follows them, but also to a file that is not there yet. */
async function followLinks (name: string): Promise<string> {
  let file = name
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = await nodeFs.readlink(file).catch(() => undefined)
    if (target === undefined) return file
    file = path.resolve(await nodeFs.realpath(path.dirname(file)), target)
  }
  throw new AppError('FILE_NOT_REGULAR', `${name} is a link that leads back to itself`, { exit: 'refused', hints: ["to leave the file alone: 'ipfsup init --no-modify-path'"] })
}
