/** What processes use, from /proc: Linux only. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Usage {
  /** User and system time so far, of all threads. */
  readonly cpuS: number
  /** Most memory that was resident at once. */
  readonly peakMib: number
}

const TICKS_PER_SECOND = 100 // USER_HZ, which Linux fixes for /proc
/** A process is looked at so often until it ends: its last moment is not counted. */
const LOOK_MS = 20

/** @returns undefined when there is no such process, or no /proc */
export function usageOf (pid: number): Usage | undefined {
  try {
    // After the name, which may hold spaces: utime and stime are fields 14 and 15 of proc(5), the name is field 2.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
    const peakKib = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    if (Number.isNaN(peakKib)) return undefined // it has ended and is not waited for yet
    return { cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, peakMib: peakKib / 1024 }
  } catch {
    return undefined
  }
}

/** Follows a process to its end. @returns what it has used so far */
export function follow (child: ChildProcess): () => Usage | undefined {
  let last: Usage | undefined
  const look = (): void => { last = usageOf(child.pid!) ?? last }
  const timer = setInterval(look, LOOK_MS)
  child.once('close', () => { clearInterval(timer) })
  return () => last
}
