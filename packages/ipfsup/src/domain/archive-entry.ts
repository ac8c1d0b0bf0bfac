/** Which paths and links of an archive are taken. Archives are made by strangers: what is not plainly harmless is refused. */
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_ENTRY_DEPTH } from './archive-limits.ts'

/** Of a file name, in bytes of UTF-8: what disks take. */
const MAX_NAME_BYTES = 255

/** @param why lower case @param entry as the archive has it */
export function archiveRefused (why: string, entry?: string): AppError {
  const where = entry === undefined ? '' : ` (${JSON.stringify(entry.length > 80 ? `${entry.slice(0, 80)}…` : entry)})`
  return new AppError('ARCHIVE_REFUSED', `the archive is refused: ${why}${where}`, { exit: 'refused', hints: ['nothing of it was installed; where it came from is not to be trusted'] })
}

/** @param path of a file or folder, a folder's with a slash behind or not @returns its names @throws AppError ARCHIVE_REFUSED */
export function entryNames (path: string): readonly string[] {
  const names = path.replace(/^(?:\.\/)+/, '').replace(/\/$/, '').split('/')
  if (names.length > MAX_ENTRY_DEPTH) throw archiveRefused(`a path of over ${MAX_ENTRY_DEPTH} names`, path)
  for (const name of names) {
    if (name === '' || name === '.' || name === '..') throw archiveRefused('a path that does not lead straight down', path)
    // eslint-disable-next-line no-control-regex -- that is what it is about
    if (/[\u0000-\u001f\u007f\\\ufffd]/.test(name)) throw archiveRefused('a name of odd characters', path)
    if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) throw archiveRefused(`a name of over ${MAX_NAME_BYTES} bytes`, path)
  }
  return names
}

/**
 * A symbolic link may lead up and then down, but not above the tree. Down and then up again is not taken: what is on the way may be a link itself.
 * @param names of the link, below the top folder @throws AppError ARCHIVE_REFUSED
 */
export function checkLink (names: readonly string[], target: string): void {
  const [, up = '', down = ''] = /^((?:\.\.\/|\.\/)*)(.*)$/s.exec(`${target}/`) ?? []
  const climbs = up.split('/').filter(name => name === '..').length
  if (target === '' || climbs >= names.length) throw archiveRefused('a link that leads out of it', names.join('/'))
  if (down !== '') entryNames(down)
}

/** Two paths that some disk takes for one. */
export const foldedPath = (names: readonly string[]): string => names.join('/').normalize('NFC').toLowerCase()
