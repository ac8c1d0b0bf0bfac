/** Names of temporary files and folders beside an output, and the removal of those whose process was killed: they may hold a secret. */
import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { codeOf } from '../errors/code-of.ts'

/** Of the file's own name; a name has at most 255. */
const MAX_BASE_BYTES = 180
const PATTERN = /^\..*\.(?<host>[0-9a-f]{8})-(?<pid>[1-9]\d{0,9})-[0-9a-f]{12}\.part$/s

/** A folder may be shared between machines, and a process id means something on one of them only. */
const host = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 8)

/** @param file absolute @returns a path in the same folder */
export function tempName (file: string): string {
  const base = Buffer.from(path.basename(file)).subarray(0, MAX_BASE_BYTES).toString()
  return path.join(path.dirname(file), `.${base}.${host()}-${process.pid}-${randomBytes(6).toString('hex')}.part`)
}

/** Removes what processes of this machine left in a folder that do not run any more. Never throws: it is no part of what was asked for. */
export async function removeStale (folder: string): Promise<void> {
  const here = host()
  for (const name of await readdir(folder).catch(() => [])) {
    const match = PATTERN.exec(name)?.groups
    if (match === undefined || match['host'] !== here || runs(Number(match['pid']))) continue
    await rm(path.join(folder, name), { force: true, recursive: true }).catch(() => {})
  }
}

function runs (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (e) {
    return codeOf(e) !== 'ESRCH'
  }
}
