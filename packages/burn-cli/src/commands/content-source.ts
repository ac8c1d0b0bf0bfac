/** What `burn add` sends: a file or standard input, counted, and refused when there is nothing in it. */
import type { Io } from '@ipkit/core/cli/io'
import { formatBytes } from '@ipkit/core/cli/size'
import { AppError } from '@ipkit/core/errors/app-error'
import { MAX_NAME_BYTES, MAX_WEB_BYTES } from '../domain/limits.ts'
import { burnRpc, callBurn } from '../rpc.ts'
import { encodeInnerHeader, isSafeName, payloadSize } from '../domain/record.ts'

export interface ContentSource extends AsyncDisposable {
  /** What readers save it as; null for a text to be shown. */
  readonly name: string | null
  /** Known beforehand for a file only. */
  readonly sizeBytes: number | undefined
  /** Single use. @throws AppError FILE_CHANGED, MESSAGE_TOO_LARGE */
  readonly bytes: AsyncIterable<Uint8Array>
}

export interface ContentOptions {
  /** '-' for standard input. */
  readonly file: string
  /** `--name` */
  readonly name: string | undefined
  readonly pad: boolean
  readonly web: boolean
}

/** Nothing is read of a file yet; of standard input the first piece is. @throws AppError FILE_*, CONTENT_EMPTY, NAME_INVALID, MESSAGE_TOO_LARGE */
export async function openContent (io: Io, options: ContentOptions): Promise<ContentSource> {
  const given = options.name === undefined ? undefined : safeName(options.name)
  if (given !== options.name) io.report.note(`the name that readers see is '${given!}'`)
  if (options.file === '-') return await openStdin(io, given ?? null, options)
  const file = await io.files.openRead(options.file)
  try {
    if (file.sizeBytes === 0) throw empty(`'${options.file}' is empty`)
    const name = given ?? safeName(file.name)
    requireSize(file.sizeBytes, name, options)
    return { name, sizeBytes: file.sizeBytes, bytes: file.source, [Symbol.asyncDispose]: async () => { await file[Symbol.asyncDispose]() } }
  } catch (e) {
    await file[Symbol.asyncDispose]()
    throw e
  }
}

/** Where the text is going to be typed, the node is there before: one that starts may ask for its passphrase at the same terminal. */
export async function beforeTyping (io: Io, file: string): Promise<void> {
  if (file === '-' && io.stdin.isTTY) await callBurn(io.node, burnRpc.whereAmI, {})
}

/** Progress by what was read; the node's own would come later and count the padding. @param step what is done with it meanwhile */
export function countBytes (io: Io, source: AsyncIterable<Uint8Array>, totalBytes: number | undefined, step: string): { readonly bytes: AsyncIterable<Uint8Array>, doneBytes(): number } {
  let doneBytes = 0
  const typed = totalBytes === undefined && io.stdin.isTTY // a progress line would stand in the middle of the text
  return {
    doneBytes: () => doneBytes,
    bytes: (async function * () {
      for await (const piece of source) {
        yield piece
        doneBytes += piece.length
        if (!typed) io.report.progress({ step, doneBytes, ...totalBytes === undefined ? {} : { totalBytes } })
      }
      io.report.progress({ step: 'storing' })
    })(),
  }
}

async function openStdin (io: Io, name: string | null, options: ContentOptions): Promise<ContentSource> {
  if (io.stdin.isTTY) {
    io.report.pause()
    io.report.note('type the message, then press Enter and Ctrl-D')
  }
  const source = io.stdin.source[Symbol.asyncIterator]()
  let first = await source.next()
  while (first.done !== true && first.value.length === 0) first = await source.next()
  if (first.done === true) throw empty('nothing came from standard input')
  const head = first.value
  return {
    name,
    sizeBytes: undefined,
    bytes: limited((async function * () { yield head; yield * { [Symbol.asyncIterator]: () => source } })(), name, options),
    [Symbol.asyncDispose]: async () => { await source.return?.() },
  }
}

async function * limited (source: AsyncIterable<Uint8Array>, name: string | null, options: ContentOptions): AsyncGenerator<Uint8Array> {
  let doneBytes = 0
  for await (const piece of source) {
    doneBytes += piece.length
    requireSize(doneBytes, name, options)
    yield piece
  }
}

function requireSize (sizeBytes: number, name: string | null, { pad, web }: ContentOptions): void {
  if (web && sizeBytes > MAX_WEB_BYTES) {
    throw new AppError('MESSAGE_TOO_LARGE', `the message has ${formatBytes(sizeBytes)}; with --web the limit is ${formatBytes(MAX_WEB_BYTES)}`, { exit: 'usage', hints: ['send it without --web: the reader then needs burn'] })
  }
  payloadSize(encodeInnerHeader(name).length + sizeBytes, pad)
}

/** Its last part, without control characters: no reader is handed a path. @throws AppError NAME_INVALID */
export function safeName (text: string): string {
  // eslint-disable-next-line no-control-regex -- these are the characters to take out
  const name = (text.split(/[/\\]/).findLast(part => part !== '') ?? '').replace(/[\u0000-\u001f\u007f-\u009f\p{Cs}]/gu, '')
  if (!isSafeName(name)) throw new AppError('NAME_INVALID', `'${text.slice(0, 40)}'${text.length > 40 ? '...' : ''} cannot be the name of a file of 1 to ${MAX_NAME_BYTES} bytes`, { exit: 'usage', hints: ['give another: --name NAME'] })
  return name
}

const empty = (message: string): AppError => new AppError('CONTENT_EMPTY', `${message}: there is nothing to send`, { exit: 'usage' })
