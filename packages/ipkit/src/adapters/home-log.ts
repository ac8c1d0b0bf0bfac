import * as nodeFs from 'node:fs/promises'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { Clock } from '@ipkit/core/time/clock'
import { parseLogLine, type LogLine, type NodeLogFile } from '../domain/node-log.ts'

const CHUNK_BYTES = 64 * 1024
const POLL_MS = 300

/** The home's node.log. While following, a rotated log is read on from its new beginning. */
export function homeLog (file: string, clock: Clock): NodeLogFile {
  return {
    async * lines ({ last, follow, signal }) {
      const found = await tail(file, last)
      yield * found.lines
      if (!follow) return
      for (let { end, inode } = found; ;) {
        await clock.sleep(POLL_MS, signal)
        const added = await readFrom(file, end, inode)
        if (added === undefined) continue
        ;({ end, inode } = added)
        for (const line of added.lines) yield parseLogLine(line)
      }
    },
  }
}

interface Tail { readonly lines: readonly LogLine[], readonly end: number, readonly inode: bigint }

/** The last lines, read from the end so that a large log costs no more. A last line without its end is left for later. */
async function tail (file: string, count: number): Promise<Tail> {
  const handle = await nodeFs.open(file, 'r').catch((e: unknown) => { if (codeOf(e) === 'ENOENT') return undefined; throw e })
  if (handle === undefined) return { lines: [], end: 0, inode: 0n }
  try {
    const { size, ino } = await handle.stat({ bigint: true })
    let start = Number(size)
    let bytes = Buffer.alloc(0)
    while (start > 0 && bytes.filter(byte => byte === 10).length <= count) {
      const length = Math.min(CHUNK_BYTES, start)
      start -= length
      const chunk = Buffer.alloc(length)
      const { bytesRead } = await handle.read(chunk, 0, length, start)
      bytes = Buffer.concat([chunk.subarray(0, bytesRead), bytes])
    }
    const whole = bytes.lastIndexOf(10) + 1
    const lines = bytes.subarray(0, whole).toString('utf8').split('\n').filter(line => line !== '')
    return { lines: count === 0 ? [] : lines.slice(-count).map(parseLogLine), end: start + whole, inode: ino }
  } finally {
    await handle.close()
  }
}

/** Whole lines only; the rest is read next time. */
async function readFrom (file: string, from: number, inode: bigint): Promise<{ readonly lines: readonly string[], readonly end: number, readonly inode: bigint } | undefined> {
  const handle = await nodeFs.open(file, 'r').catch((e: unknown) => { if (codeOf(e) === 'ENOENT') return undefined; throw e })
  if (handle === undefined) return undefined
  try {
    const { size, ino } = await handle.stat({ bigint: true })
    const start = ino !== inode || Number(size) < from ? 0 : from
    const bytes = Buffer.alloc(Number(size) - start)
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    const whole = bytes.subarray(0, bytesRead).lastIndexOf(10) + 1
    return { lines: bytes.subarray(0, whole).toString('utf8').split('\n').filter(line => line !== ''), end: start + whole, inode: ino }
  } finally {
    await handle.close()
  }
}
