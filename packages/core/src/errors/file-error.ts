import { AppError, isAppError } from './app-error.ts'
import { codeOf } from './code-of.ts'

/**
 * What the system refused to do with `path`, as something a person can act on.
 * @returns the error itself when it is already an AppError or not one that the system gave about files
 */
export function fileError (e: unknown, path: string, doing: 'read' | 'write'): unknown {
  if (isAppError(e)) return e
  switch (codeOf(e)) {
    case 'ENOENT': return doing === 'read'
      ? new AppError('FILE_NOT_FOUND', `there is no file '${path}'`, { exit: 'notFound', cause: e, hints: ['check the name and the folder you are in'] })
      : new AppError('FILE_NOT_WRITABLE', `the folder of '${path}' does not exist`, { exit: 'notFound', cause: e, hints: ['make the folder first, or name another file'] })
    case 'ENOTDIR': return new AppError('FILE_NOT_FOUND', `'${path}' goes through something that is not a folder`, { exit: 'notFound', cause: e })
    case 'EISDIR': return new AppError('FILE_IS_DIRECTORY', `'${path}' is a folder, not a file`, { exit: 'usage', cause: e })
    case 'EACCES': case 'EPERM': return new AppError(doing === 'read' ? 'FILE_NOT_READABLE' : 'FILE_NOT_WRITABLE', `'${path}' may not be ${doing === 'read' ? 'read' : 'written'} by this user`, { exit: 'refused', cause: e, hints: [`see who may: ls -ld '${path}'`] })
    case 'EROFS': return new AppError('FILE_NOT_WRITABLE', `'${path}' is on a read-only disk`, { exit: 'refused', cause: e, hints: ['name a file on another disk'] })
    case 'EEXIST': return new AppError('FILE_EXISTS', `the file '${path}' exists already`, { exit: 'refused', cause: e, hints: ['name another file, or remove this one first'] })
    case 'ENOSPC': case 'EDQUOT': return new AppError('DISK_FULL', `no space left on the disk while writing '${path}'`, { exit: 'failed', cause: e, hints: ['free some space, then run the command again'] })
    case 'EMFILE': case 'ENFILE': return new AppError('TOO_MANY_FILES', `too many files are open to open '${path}'`, { exit: 'busy', cause: e, hints: ["raise the limit: 'ulimit -n 4096'"] })
    case 'ENAMETOOLONG': return new AppError('FILE_NAME_TOO_LONG', `the file name is too long for this disk: '${path.slice(0, 60)}...'`, { exit: 'usage', cause: e })
    default: return e
  }
}
