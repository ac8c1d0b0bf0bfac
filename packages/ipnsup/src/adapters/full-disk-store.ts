import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'

/** The same store, whose writes say DISK_FULL where the database only repeats the words of the system. Nothing of such a write is kept. */
export function fullDiskStore (store: KeyValueStore): KeyValueStore {
  const told = async (write: Promise<void>): Promise<void> => {
    try {
      await write
    } catch (e) {
      if (!isFullDisk(e)) throw e
      throw new AppError('DISK_FULL', 'no space left on the disk of the home: nothing was changed', { hints: ['free some space, then run the command again'], cause: e })
    }
  }
  return {
    get: async key => await store.get(key),
    put: async (key, value) => { await told(store.put(key, value)) },
    delete: async key => { await told(store.delete(key)) },
    list: prefix => store.list(prefix),
  }
}

/** LevelDB hands on what the system said, as text in the error or in its cause. */
function isFullDisk (e: unknown): boolean {
  const code = codeOf(e)
  if (code === 'ENOSPC' || code === 'EDQUOT' || /no space left on device|disk quota exceeded/i.test(messageOf(e))) return true
  const cause = typeof e === 'object' && e !== null ? (e as { cause?: unknown }).cause : undefined
  return cause !== undefined && isFullDisk(cause)
}
