import { lstatSync, mkdirSync, type Stats } from 'node:fs'
import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import type { AppPaths } from './app-paths.ts'
import type { HostFacts } from './host-facts.ts'

/**
 * Makes the home (0700) when it is missing and refuses one that is not safe: not ours, a link, or open to others.
 * So sudo never starts a node in a user's home. Synchronous: it stands before every command's first call.
 * @returns whether the home existed
 * @throws AppError HOME_NOT_OURS, HOME_IS_LINK, HOME_TOO_OPEN, HOME_NOT_DIRECTORY, HOME_NOT_WRITABLE
 */
export function ensureHome (paths: AppPaths, host: HostFacts): boolean {
  const existed = checkHome(paths, host)
  if (existed) return true
  try {
    makeFolders(paths.home)
  } catch (e) {
    const code = codeOf(e)
    if (code === 'EROFS') throw new AppError('HOME_READ_ONLY', `the home ${paths.home} is on a read-only disk`, { exit: 'refused', cause: e, hints: ['name another directory: --home DIR or IPKIT_HOME=DIR'] })
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new AppError('DISK_FULL', `no space left on the disk of the home ${paths.home}`, { exit: 'failed', cause: e, hints: [`df -h ${shellWord(path.dirname(paths.home))}`] })
    throw new AppError('HOME_NOT_WRITABLE', `cannot make the home ${paths.home} (${String(code)})`, { exit: 'refused', cause: e, hints: ['name another directory: --home DIR or IPKIT_HOME=DIR'] })
  }
  checkHome(paths, host)
  return false
}

/** One by one: with `recursive`, node hides EROFS behind ENOENT. */
function makeFolders (folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (e) {
    if (codeOf(e) === 'EEXIST') return
    if (codeOf(e) !== 'ENOENT' || path.dirname(folder) === folder) throw e
    makeFolders(path.dirname(folder))
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (second) { // in a folder such as /proc it is ENOENT for ever
      if (codeOf(second) !== 'EEXIST') throw second // another process may have been as quick
    }
  }
}

/** Before every bind and connect. @returns false when there is no home yet @throws as `ensureHome` */
export function checkHome (paths: AppPaths, host: HostFacts): boolean {
  const { home } = paths
  const stat = lstatOrUndefined(home)
  if (stat === undefined) return false
  if (stat.isSymbolicLink()) throw new AppError('HOME_IS_LINK', `the home ${home} is a symbolic link`, { exit: 'refused', hints: ['name the real directory: --home DIR or IPKIT_HOME=DIR'] })
  if (!stat.isDirectory()) throw new AppError('HOME_NOT_DIRECTORY', `the home ${home} is not a directory`, { exit: 'refused', hints: ['name another one: --home DIR or IPKIT_HOME=DIR'] })
  if (stat.uid !== host.euid) {
    throw new AppError('HOME_NOT_OURS', `the home ${home} belongs to user ${stat.uid}, this process runs as user ${host.euid}`, { exit: 'refused', hints: ['run it as its owner, or name another home: --home DIR or IPKIT_HOME=DIR'] })
  }
  const mode = stat.mode & 0o777
  if ((mode & 0o077) !== 0) {
    throw new AppError('HOME_TOO_OPEN', `the home ${home} has mode 0${mode.toString(8)}; others must have no access (0700)`, { exit: 'refused', hints: [`chmod 700 ${shellWord(home)}`] })
  }
  return true
}

/**
 * The socket and the hint file beside it: ours and not links, or absent.
 * @throws AppError NODE_FILE_SUSPECT
 */
export function checkNodeFiles (paths: AppPaths, host: HostFacts): { readonly socket: boolean, readonly nodeJson: boolean } {
  const exists = (file: string, what: string, isKind: (stat: Stats) => boolean): boolean => {
    const stat = lstatOrUndefined(file)
    if (stat === undefined) return false
    const why = stat.isSymbolicLink() ? 'is a symbolic link' : !isKind(stat) ? `is not ${what}` : stat.uid !== host.euid ? `belongs to user ${stat.uid}` : undefined
    if (why !== undefined) throw new AppError('NODE_FILE_SUSPECT', `${file} ${why}`, { exit: 'refused', hints: [`look at it, then remove it: rm ${shellWord(file)}`] })
    return true
  }
  return {
    socket: exists(paths.socket, 'a socket', s => s.isSocket()),
    nodeJson: exists(paths.nodeJson, 'a regular file', s => s.isFile()),
  }
}

/** A socket that is not in our home: it and the folder it stands in. @throws AppError NODE_FILE_SUSPECT */
export function checkSocketFile (socket: string, host: HostFacts): void {
  const suspect = (file: string, why: string): AppError => new AppError('NODE_FILE_SUSPECT', `${file} ${why}`, { exit: 'refused' })
  const folder = path.dirname(socket)
  const folderStat = lstatOrUndefined(folder)
  const stat = lstatOrUndefined(socket)
  if (folderStat === undefined || stat === undefined) return // connecting says it better
  if (!folderStat.isDirectory()) throw suspect(folder, folderStat.isSymbolicLink() ? 'is a symbolic link' : 'is not a directory')
  if (folderStat.uid !== host.euid && folderStat.uid !== 0) throw suspect(folder, `belongs to user ${folderStat.uid}`)
  if (!stat.isSocket()) throw suspect(socket, stat.isSymbolicLink() ? 'is a symbolic link' : 'is not a socket')
  if (stat.uid !== host.euid) throw suspect(socket, `belongs to user ${stat.uid}`)
}

function lstatOrUndefined (file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false })
  } catch (e) {
    if (codeOf(e) === 'ENOTDIR') return undefined // reported when the directory is made
    throw new AppError('HOME_NOT_READABLE', `cannot look at ${file} (${String(codeOf(e))})`, { exit: 'refused', cause: e, hints: ['name another home: --home DIR or IPKIT_HOME=DIR'] })
  }
}

/** Quoted for a POSIX shell where it needs to be, so that a hint can be pasted. */
export function shellWord (text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
