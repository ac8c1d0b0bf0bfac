import { isAppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { archiveRefused } from '../domain/archive-entry.ts'

/** What zlib, tar-stream and yauzl say of bytes that they cannot read, in our words; what the disk says of `file` stays. The caller's signal has not aborted. @returns an AppError, or a bug as it is */
export function damaged (e: unknown, file: string): unknown {
  if (isAppError(e)) return e
  const code = codeOf(e)
  // gunzip ends at zeros behind its end. Node calls what it leaves unread aborted, where the file's own end was not seen by then.
  if (code === 'ABORT_ERR') return archiveRefused('there is something behind its end')
  if (code === undefined || code.startsWith('Z_') || code.startsWith('ERR_STREAM')) return archiveRefused(`it is damaged: ${messageOf(e)}`)
  return fileError(e, file, 'read')
}
