import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const TAIL_BYTES = 4096

/** The last lines of node.log as a person reads them; none when there is no log. Lines are pino's: `{level, time, msg, …}`. */
export function readLogTail (file: string, lineCount: number): string[] {
  let fd
  try { fd = openSync(file, 'r') } catch { return [] }
  try {
    const { size } = fstatSync(fd)
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES))
    const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length)
    const lines = bytes.subarray(0, read).toString('utf8').split('\n')
    if (size > TAIL_BYTES) lines.shift() // most likely only the end of one
    return lines.filter(line => line !== '').slice(-lineCount).map(logLineText)
  } catch {
    return []
  } finally {
    closeSync(fd)
  }
}

/** One line of node.log for people: time, level, message, then the other fields. A line that is not pino's comes back as it is. */
export function logLineText (line: string): string {
  try {
    const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${typeof value === 'string' ? value.split('\n', 1)[0]! : JSON.stringify(value)}`)
    return `${typeof time === 'string' ? time : ''} ${String(level)}: ${String(msg)}${rest.join('')}`.trim()
  } catch {
    return line
  }
}
