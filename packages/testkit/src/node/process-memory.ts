import { readFileSync } from 'node:fs'

export interface ProcessMemory {
  /** All pages in memory; a page shared with another process counts in full. */
  readonly rssBytes: number
  /** The same, a shared page counting in part: what a process adds to the machine. Sums over processes are right. */
  readonly pssBytes: number
}

/** Of a living process, from /proc/<pid>/smaps_rollup (Linux). @throws when there is none */
export function processMemory (pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(text)?.[1]) * 1024
  return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss') }
}
