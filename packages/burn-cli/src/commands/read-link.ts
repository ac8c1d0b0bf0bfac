/** Where a command gets its link from. A link is a secret: no message quotes it, and no hint repeats it. */
import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_LINK_CHARACTERS } from '@ipkit/core/link/content-link'
import { parseBurnLink, type BurnLink } from '../domain/link.ts'

/** @param given the link, or '-': from standard input, asked without echo when that is a terminal @throws AppError LINK_* */
export async function readLink (io: Io, given: string): Promise<BurnLink> {
  const text = given === '-' ? await linkText(io) : bareLink(given)
  if (/^https?:\/\//.test(text)) throw new AppError('LINK_IS_WEB', 'this is a link for a browser', { exit: 'usage', hints: ['open it there; burn takes the one that begins with ipfs://'] })
  return parseBurnLink(text)
}

/** A link from standard input, not yet looked at; asked without echo when that is a terminal. @throws AppError LINK_MISSING, LINK_INVALID */
export async function linkText (io: Io): Promise<string> {
  const text = bareLink(await secretText(io))
  if (text === '') throw new AppError('LINK_MISSING', 'no link came from standard input', { exit: 'usage', hints: ['paste it, or: burn get - < file-with-the-link'] })
  return text
}

/** Without the quotes or brackets around it that chat programs and people put there. */
export function bareLink (text: string): string {
  const link = text.trim()
  return /^(?:<.*>|".*"|'.*'|`.*`|\(.*\))$/.test(link) ? link.slice(1, -1).trim() : link
}

async function secretText (io: Io): Promise<string> {
  if (io.stdin.isTTY) return await io.prompt.secret('link (it is not shown)')
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of io.stdin.source) {
    parts.push(part)
    sizeBytes += part.length
    if (sizeBytes > MAX_LINK_CHARACTERS + 64) throw new AppError('LINK_INVALID', `not a link: over ${MAX_LINK_CHARACTERS} characters came from standard input`, { exit: 'usage' })
  }
  const bytes = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) { bytes.set(part, at); at += part.length }
  return new TextDecoder().decode(bytes)
}
