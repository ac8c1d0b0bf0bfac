import type { OpenedRecord } from '../src/domain/record.ts'
import { fileNameFor } from './plain-words.ts'

/** More than this is slow to lay out, and nobody reads it in a browser. */
export const MAX_SHOWN_BYTES = 1024 * 1024

export type Opened =
  | { readonly kind: 'text', readonly text: string, readonly parts: readonly Uint8Array[] }
  | { readonly kind: 'file', readonly name: string, readonly sizeBytes: number, readonly parts: readonly Uint8Array[] }

/** A content without a name is shown when it is UTF-8 and not too long; everything else is a file. @throws AppError CONTENT_ALTERED */
export async function collectContent (record: OpenedRecord): Promise<Opened> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of record.content) {
    parts.push(part)
    sizeBytes += part.length
  }
  const text = record.name === null && sizeBytes <= MAX_SHOWN_BYTES ? decode(parts) : undefined
  if (text !== undefined) return { kind: 'text', text, parts }
  return { kind: 'file', name: fileNameFor(record.name), sizeBytes, parts }
}

function decode (parts: readonly Uint8Array[]): string | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return parts.map(part => decoder.decode(part, { stream: true })).join('') + decoder.decode()
  } catch {
    return undefined
  }
}
