/** Where `burn get` puts what it opens. Everything that can fail is tried before the claim: opening cannot be undone. */
import type { Io, WholeFile } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'

/** `file`: exactly there. `folder`: in there, under the message's own name. `stdout`: as it comes. `terminal`: shown, when it is a text. */
export type Target =
  | { readonly kind: 'file', readonly path: string, readonly overwrite: boolean }
  | { readonly kind: 'folder', readonly path: string }
  | { readonly kind: 'stdout' }
  | { readonly kind: 'terminal' }
  | { readonly kind: 'json' }

const PRIVATE = 0o600

/** @throws AppError FILE_EXISTS, FILE_NOT_WRITABLE, FILE_NOT_FOUND, DISK_FULL */
export async function chooseTarget (io: Io, output: string | undefined, force: boolean): Promise<Target> {
  if (output === undefined && io.flags.json) return { kind: 'json' }
  if (output === undefined && io.stdout.isTTY) return { kind: 'terminal' }
  if (output === undefined || output === '-') return { kind: 'stdout' }
  try {
    if (output.endsWith('/')) throw Object.assign(new Error('a folder'), { code: 'FILE_IS_DIRECTORY' })
    await (await io.files.createWhole(output, { overwrite: force, mode: PRIVATE }))[Symbol.asyncDispose]()
    return { kind: 'file', path: output, overwrite: force }
  } catch (e) {
    if (codeOf(e) === 'FILE_EXISTS') throw new AppError('FILE_EXISTS', `the file '${output}' exists already`, { exit: 'refused', hints: ['name another file', 'or replace it: --force', 'the message was not touched'] })
    if (codeOf(e) !== 'FILE_IS_DIRECTORY') throw e
  }
  await tryFolder(io, output)
  return { kind: 'folder', path: output }
}

/** Whether a file can be made in a folder. @throws AppError FILE_NOT_WRITABLE, FILE_NOT_FOUND, DISK_FULL */
export async function tryFolder (io: Io, folder: string): Promise<void> {
  const probe = `${folder.replace(/\/+$/, '')}/burn-${[...io.randomBytes(6)].map(b => b.toString(16).padStart(2, '0')).join('')}`
  await (await io.files.createWhole(probe, { mode: PRIVATE }))[Symbol.asyncDispose]()
}

export interface OpenedFile { readonly path: string, readonly file: WholeFile }

export const openFile = async (io: Io, path: string, overwrite: boolean): Promise<OpenedFile> => ({ path, file: await io.files.createWhole(path, { overwrite, mode: PRIVATE }) })

/** A name that is taken gets a number: the sender chose it, so nothing is replaced, not even with --force. @param name a safe one */
export async function openInFolder (io: Io, folder: string, name: string): Promise<OpenedFile> {
  const base = folder === '.' ? '' : folder.replace(/\/*$/, '/')
  for (let n = 1; ; n++) {
    try {
      return await openFile(io, base + numbered(name, n), false)
    } catch (e) {
      const taken = codeOf(e) === 'FILE_EXISTS' || codeOf(e) === 'FILE_IS_DIRECTORY'
      if (!taken || n === 1000) throw e
    }
  }
}

/** 'letter.txt' -> 'letter (2).txt'. */
function numbered (name: string, n: number): string {
  if (n === 1) return name
  const dot = name.lastIndexOf('.')
  const stem = dot > 0 ? name.slice(0, dot) : name
  return `${stem} (${n})${dot > 0 ? name.slice(dot) : ''}`
}
