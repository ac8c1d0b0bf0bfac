/** Brings an opened message to where it goes. The sender is told only when it is durable there, or shown. */
import type { Io } from '@ipkit/core/cli/io'
import { document, list, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControlLines } from '@ipkit/core/cli/strip-control'
import { encodeBase64url } from '@ipkit/core/schema/base64url'
import { join } from '../domain/bytes.ts'
import { savedName } from '../domain/saved-name.ts'
import type { ClaimedMessage } from './claim-message.ts'
import { readerError } from './reader-hints.ts'
import { openFile, openInFolder, type OpenedFile, type Target } from './receive-target.ts'
import { writeBehind } from './write-behind.ts'

/** What a file is saved as whose reader named no file. */
const nameOf = (message: ClaimedMessage): string => savedName(message.name ?? '') ?? `burn-${message.id.slice(0, 12)}`

export async function deliver (io: Io, target: Target, message: ClaimedMessage): Promise<Outcome> {
  try {
    return await deliverTo(io, target, message)
  } catch (e) {
    message.abandon()
    throw e
  }
}

async function deliverTo (io: Io, target: Target, message: ClaimedMessage): Promise<Outcome> {
  switch (target.kind) {
    case 'file': return await save(io, message, await openFile(io, target.path, target.overwrite), message.content)
    case 'folder': return await save(io, message, await openInFolder(io, target.path, nameOf(message)), message.content)
    case 'stdout': return { kind: 'bytes', showable: true, source: thenFinish(counted(io, message.content), message) }
    case 'terminal': return await showOrSave(io, message)
    case 'json': return asJson(message, await collect(message.content))
  }
}

async function save (io: Io, message: ClaimedMessage, opened: OpenedFile, content: AsyncIterable<Uint8Array>): Promise<Outcome> {
  await using file = opened.file
  const sizeBytes = await writeBehind(file, content, doneBytes => {
    io.signal.throwIfAborted()
    io.report.progress({ step: 'decrypting', doneBytes })
  })
  await file.commit()
  await message.finish()
  io.report.note(`saved ${formatBytes(sizeBytes)}`)
  return document({ id: message.id, file: opened.path, sizeBytes, name: message.name }, opened.path)
}

/** A text without a name is meant to be shown. Control characters could move the cursor or retitle the window. */
async function showOrSave (io: Io, message: ClaimedMessage): Promise<Outcome> {
  const bytes = await collect(message.content)
  const text = message.name === null ? textOf(bytes) : undefined
  if (text !== undefined) return { kind: 'bytes', showable: true, source: thenFinish(shown(text), message) }
  io.report.note(message.name === null ? 'it is no text; saved here instead of shown' : 'it is a file; saved here under its own name')
  return await save(io, message, await openInFolder(io, '.', nameOf(message)), shown(bytes))
}

/** One item of a list, since that is printed before the next one is asked for: then it is shown, and the sender may know. */
function asJson (message: ClaimedMessage, bytes: Uint8Array): Outcome {
  const text = textOf(bytes)
  const item = { id: message.id, name: message.name, sizeBytes: bytes.length, ...text === undefined ? { base64url: encodeBase64url(bytes) } : { text } }
  return list((async function * () {
    yield item
    await message.finish()
  })(), { toText: () => '' })
}

async function * thenFinish (source: AsyncIterable<Uint8Array>, message: ClaimedMessage): AsyncGenerator<Uint8Array> {
  let whole = false
  try {
    yield * source
    whole = true
  } catch (e) {
    throw readerError(e)
  } finally {
    if (!whole) message.abandon() // nobody reads the output any more
  }
  await message.finish()
}

async function * counted (io: Io, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let doneBytes = 0
  for await (const piece of source) {
    yield piece
    doneBytes += piece.length
    io.report.progress({ step: 'decrypting', doneBytes })
  }
}

async function * shown (content: string | Uint8Array): AsyncGenerator<Uint8Array> {
  if (typeof content !== 'string') { yield content; return }
  const clean = stripControlLines(content)
  yield new TextEncoder().encode(clean.endsWith('\n') ? clean : `${clean}\n`)
}

async function collect (source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece.slice()) // a piece is valid until the next one
  return join(...pieces)
}

function textOf (bytes: Uint8Array): string | undefined {
  try { return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) } catch { return undefined }
}
