import { existsSync, mkdirSync } from 'node:fs'
import { ClassicLevel } from 'classic-level'
import { codeOf } from '../errors/code-of.ts'

/**
 * Opens the home's datastore. Its lock makes a home's node the only one: the kernel frees it when the process ends, however it ends.
 * @returns undefined when another process holds it
 * @throws what LevelDB says; `start-failure.ts` puts it into words
 */
export async function takeNodeLock (folder: string): Promise<ClassicLevel<string, Uint8Array> | undefined> {
  // LevelDB's own error would not say why it cannot, nor would a recursive mkdir.
  if (!existsSync(folder)) try { mkdirSync(folder, { mode: 0o700 }) } catch (e) { if (codeOf(e) !== 'EEXIST') throw e }
  const database = new ClassicLevel<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' })
  try {
    await database.open()
    return database
  } catch (e) {
    await database.close().catch(() => {})
    if (codeOf((e as { cause?: unknown }).cause) === 'LEVEL_LOCKED') return undefined
    throw e
  }
}
