import type { ExitName } from '../errors/exit-codes.ts'

/** What a command answers. `run-cli.ts` alone prints it. */
export type Outcome = DocumentOutcome | ListOutcome | BytesOutcome | ExitedOutcome

export interface DocumentOutcome {
  readonly kind: 'document'
  /** What stdout gets under --json: plain data, stable keys. */
  readonly json: unknown
  /** What stdout gets otherwise; '' prints nothing. */
  readonly text: string
  readonly exit?: ExitName
}

export interface ListOutcome<T = unknown> {
  readonly kind: 'list'
  /** One NDJSON line each under --json. */
  readonly items: AsyncIterable<T>
  /** Printed before the first item in text form; not printed when there are no items. */
  readonly header?: string
  readonly toText: (item: T) => string
  /** Printed in text form when there was no item. */
  readonly emptyText?: string
  /** Asked after the last item: a list may know only then that it is partial. */
  readonly exit?: () => ExitName
}

export interface BytesOutcome {
  readonly kind: 'bytes'
  readonly source: AsyncIterable<Uint8Array>
  /** True where the bytes may go to a terminal (text, checked by the command). */
  readonly showable: boolean
}

/** Another program has answered, on this process's own streams; nothing is printed. */
export interface ExitedOutcome {
  readonly kind: 'exited'
  /** Its exit code, which becomes ours; 128 + n where signal n ended it. */
  readonly code: number
}

export const document = (json: unknown, text: string, exit?: ExitName): DocumentOutcome =>
  exit === undefined ? { kind: 'document', json, text } : { kind: 'document', json, text, exit }

export function list<T> (items: AsyncIterable<T>, options: Omit<ListOutcome<T>, 'kind' | 'items'>): ListOutcome {
  return { kind: 'list', items, ...options } as ListOutcome
}
