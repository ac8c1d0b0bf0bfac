import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'

/** Time that passes, sleep included, whatever anybody sets the clock to. */
export interface SteadyClock {
  /** Readings compare only under the same id: that of the machine's boot where it has one, else of this process. */
  readonly id: string
  readMs(): number
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id' // Linux

export function machineSteadyClock (): SteadyClock {
  return { id: readBootId() ?? randomUUID(), readMs: () => Math.round(os.uptime() * 1000) }
}

function readBootId (): string | undefined {
  try {
    const text = readFileSync(BOOT_ID, 'utf8').trim()
    return /^[0-9a-f-]{36}$/.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
