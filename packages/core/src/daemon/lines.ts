import { AppError } from '../errors/app-error.ts'

const NEWLINE = 10

/**
 * Cuts a byte stream into UTF-8 lines without their newline; a last line may lack it. Holds at most one line.
 * @throws AppError LINE_TOO_LONG before holding more than `maxBytes`
 */
export async function * readLines (source: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end))
      if (heldBytes + end - start > maxBytes) throw tooLong(maxBytes)
      yield join(parts)
      parts = []; heldBytes = 0
      start = end + 1
    }
    parts.push(chunk.subarray(start))
    heldBytes += chunk.length - start
    if (heldBytes > maxBytes) throw tooLong(maxBytes)
  }
  if (heldBytes > 0) yield join(parts)
}

/**
 * Takes the first line off a stream and leaves the rest of it, untouched and backpressured.
 * @throws AppError LINE_TOO_LONG
 */
export async function splitFirstLine (source: AsyncIterator<Uint8Array>, maxBytes: number): Promise<{ line: string, rest: AsyncIterable<Uint8Array> }> {
  const parts: Uint8Array[] = []
  let heldBytes = 0
  for (;;) {
    const next = await source.next()
    if (next.done === true) return { line: join(parts), rest: remainder(undefined, source) }
    const end = next.value.indexOf(NEWLINE)
    const part = end === -1 ? next.value : next.value.subarray(0, end)
    parts.push(part)
    heldBytes += part.length
    if (heldBytes > maxBytes) throw tooLong(maxBytes)
    if (end !== -1) return { line: join(parts), rest: remainder(next.value.subarray(end + 1), source) }
  }
}

async function * remainder (first: Uint8Array | undefined, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first !== undefined && first.length > 0) yield first
  for (;;) {
    const next = await source.next()
    if (next.done === true) return
    yield next.value
  }
}

function join (parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('utf8')
}
const tooLong = (maxBytes: number): AppError => new AppError('LINE_TOO_LONG', `a line is over the limit of ${maxBytes} bytes`, { exit: 'usage' })
