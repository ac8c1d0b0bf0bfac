import { stat } from 'node:fs/promises'
import { shellWord } from '@ipkit/core/config/home-check'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { makeFolders } from '@ipkit/core/storage/make-folders'

/**
 * What is in ipfsup's home decides which program runs: nobody else may write there. A link to it may stand in its place.
 * @returns whether there is one
 * @throws AppError HOME_NOT_OURS, HOME_TOO_OPEN, HOME_NOT_DIRECTORY; exit refused
 */
export async function checkOwnHome (home: string, euid: number): Promise<boolean> {
  const refused = (code: string, why: string, hint: string): AppError => new AppError(code, `ipfsup's home ${home} ${why}`, { exit: 'refused', hints: [hint] })
  let facts
  try {
    facts = await stat(home)
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return false
    throw fileError(e, home, 'read')
  }
  if (!facts.isDirectory()) throw refused('HOME_NOT_DIRECTORY', 'is not a directory', 'name another one: IPFSUP_HOME=DIR')
  if (facts.uid !== euid) throw refused('HOME_NOT_OURS', `belongs to user ${facts.uid}, this process runs as user ${euid}`, 'run it as its owner, or name another home: IPFSUP_HOME=DIR')
  if ((facts.mode & 0o022) !== 0) throw refused('HOME_TOO_OPEN', `has mode 0${(facts.mode & 0o777).toString(8)}; others must not write there`, `chmod 700 ${shellWord(home)}`)
  return true
}

/** Makes it (0700) where it is missing. @throws as `checkOwnHome`; AppError FILE_NOT_WRITABLE, DISK_FULL */
export async function ensureOwnHome (home: string, euid: number): Promise<void> {
  if (await checkOwnHome(home, euid)) return
  try {
    await makeFolders(home, 0o700)
  } catch (e) {
    throw fileError(e, home, 'write')
  }
  await checkOwnHome(home, euid)
}
