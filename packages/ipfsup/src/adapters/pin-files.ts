import { constants } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { codeOf } from '@ipkit/core/errors/code-of'
import { PIN_FILE, pinLine, type Pin, type PinFiles } from '../domain/pin-file.ts'

/** More than this a version and some remarks do not take; the rest is not looked at. */
const MAX_READ_BYTES = 64 * 1024

/** Pin files on the disk. One that cannot even be looked at is none. @param euid of the user whose files count */
export const pinFiles = (euid: number): PinFiles => ({
  async read (folder) {
    const file = path.join(folder, PIN_FILE)
    const seen = await nodeFs.lstat(file).catch(() => undefined)
    if (seen === undefined || seen.isDirectory()) return undefined
    const passed = (why: string): Pin => ({ file, line: '', passedOver: why })
    if (seen.isSymbolicLink()) return passed('it is a link')
    if (!seen.isFile()) return passed('it is no regular file')
    let handle
    try {
      handle = await nodeFs.open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK) // what was looked at may be something else by now
    } catch (e) {
      return passed(`it cannot be read (${String(codeOf(e))})`)
    }
    try {
      const opened = await handle.stat()
      if (!opened.isFile()) return passed('it is no regular file')
      if (opened.uid !== euid) return passed('it belongs to somebody else')
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_READ_BYTES), 0, MAX_READ_BYTES, 0)
      return { file, line: pinLine(buffer.toString('latin1', 0, bytesRead)), passedOver: undefined }
    } finally {
      await handle.close()
    }
  },
})
