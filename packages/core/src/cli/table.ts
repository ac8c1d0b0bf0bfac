export interface Column { readonly title: string, readonly width: number, readonly align?: 'left' | 'right' }

/**
 * Rows of fixed columns, so that a list can be printed while it grows. Columns stand two spaces apart; a value that is too
 * long for its column is cut with '…', except in the last column. No colour, no lines: it reads the same everywhere.
 */
export function tableText (columns: readonly Column[]): { readonly header: string, row(values: readonly string[]): string } {
  const line = (values: readonly string[]): string => columns.map((column, i) => {
    const value = values[i] ?? ''
    const last = i === columns.length - 1
    if (column.align === 'right') return value.padStart(column.width)
    return last ? value : cut(value, column.width).padEnd(column.width)
  }).join('  ').trimEnd()
  return { header: line(columns.map(c => c.title)), row: line }
}

/** 'label   value' lines with the values under each other. Entries without a value are left out. */
export function factsText (facts: ReadonlyArray<readonly [label: string, value: string | number | undefined]>): string {
  const present = facts.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(0, ...present.map(([label]) => label.length))
  return present.map(([label, value]) => `${label.padEnd(width)}  ${value}`.replaceAll('\n', `\n${' '.repeat(width + 2)}`)).join('\n')
}

const cut = (value: string, width: number): string => value.length <= width ? value : `${value.slice(0, width - 1)}…`
