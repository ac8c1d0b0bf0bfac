import { AppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import { check, type Schema } from '@ipkit/core/schema/schema'

export interface DamagedFile {
  readonly file: string
  readonly code: string
  readonly exit: 'refused' | 'usage'
  readonly hints: readonly string[]
}

/**
 * Reads one of ipfsup's own JSON files: docs/formats/ipfsup.md.
 * @param schema has `format: literal(1)`
 * @param damaged how to say what is wrong with it
 * @throws AppError `damaged.code`
 */
export function readJsonText<T> (text: string, schema: Schema<T>, damaged: DamagedFile): T {
  const wrong = (why: string, hints: readonly string[] = []): AppError => new AppError(damaged.code, why, { exit: damaged.exit, hints: [...hints, ...damaged.hints] })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (e) {
    throw wrong(`${damaged.file} is not JSON: ${messageOf(e).split('\n')[0]!}`)
  }
  const format = typeof value === 'object' && value !== null ? (value as { format?: unknown }).format : undefined
  if (typeof format === 'number' && format > 1) throw wrong(`${damaged.file} has format ${format}; this ipfsup reads format 1`, ["a newer ipfsup wrote it; use that one: 'ipfsup self update'"])
  try {
    return check(schema, value, damaged.file)
  } catch (e) {
    throw wrong(messageOf(e), (e as AppError).hints)
  }
}

/** One object, indented, with a line end. */
export const toJsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** A point in time as our files have it; Date.parse alone reads much more. */
export const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
