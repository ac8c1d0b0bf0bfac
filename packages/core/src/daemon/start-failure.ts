import { shellWord } from '../config/home-check.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { codeOf, messageOf } from '../errors/code-of.ts'

/** Why a node could not start, as one line and a cure. What is already an AppError stays as it is. */
export function startFailure (e: unknown, home: string): unknown {
  const chain: unknown[] = []
  for (let at = e; at !== undefined && at !== null && chain.length < 8; at = (at as { cause?: unknown }).cause) chain.push(at)
  // LevelDB has the system's words only.
  const says = (codes: readonly string[], words: RegExp): boolean => chain.some(at => codes.includes(codeOf(at) ?? '') || words.test(messageOf(at)))
  const dir = shellWord(home)
  if (says(['ENOSPC', 'EDQUOT'], /No space left on device|Disk quota exceeded/)) return new AppError('DISK_FULL', `no space left on the disk of the home ${home}`, { exit: 'failed', cause: e, hints: [`df -h ${dir}`] })
  if (says(['EROFS'], /Read-only file system/)) return new AppError('HOME_READ_ONLY', `the home ${home} is on a read-only disk`, { exit: 'refused', cause: e, hints: [`mount -o remount,rw the disk, or name another home: --home DIR or IPKIT_HOME=DIR`] })
  if (isAppError(e)) return e
  if (says(['EACCES', 'EPERM'], /Permission denied/)) return new AppError('HOME_NOT_WRITABLE', `no permission to write in the home ${home}`, { exit: 'refused', cause: e, hints: [`ls -la ${dir}`] })
  if (says(['EMFILE', 'ENFILE'], /Too many open files/)) return new AppError('TOO_MANY_FILES', 'too many open files to start the node', { exit: 'busy', cause: e, hints: ['raise the limit: ulimit -n 4096'] })
  if (says(['LEVEL_CORRUPTION'], /^Corruption:/)) return new AppError('DATASTORE_DAMAGED', `the datastore in ${home} is damaged`, { cause: e, hints: [`move it away; peers and records are learned again: mv ${shellWord(`${home}/datastore`)} ${shellWord(`${home}/datastore.damaged`)}`] })
  return e
}
