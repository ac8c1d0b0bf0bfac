/** The node's log file, read without the node. */
export interface NodeLogFile {
  /** The last lines, oldest first; with `follow` it goes on until `signal` aborts. */
  lines(ask: { readonly last: number, readonly follow: boolean, readonly signal: AbortSignal }): AsyncIterable<LogLine>
}

/** What pino wrote: at least `{level, time, msg}`; `{msg}` alone for a line that is not JSON. */
export type LogLine = Readonly<Record<string, unknown>>

export function parseLogLine (line: string): LogLine {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as LogLine
  } catch { /* cut off by a crash */ }
  return { msg: line }
}

export function logText ({ time, level, msg, ...fields }: LogLine): string {
  const shown = (value: unknown): string => typeof value === 'string' ? value : JSON.stringify(value) ?? ''
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${shown(value)}`)
  return `${time === undefined ? '' : `${shown(time)} `}${level === undefined ? '' : `${shown(level)}: `}${shown(msg)}${rest.join('')}`
}
