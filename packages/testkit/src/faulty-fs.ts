import path from 'node:path'
import { diskFs, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'

export interface DiskFault {
  /** The step it happens at, counted from 0 in the order of `steps`. */
  readonly at: number
  /**
   * - `full`: ENOSPC at this step if it can need room, and at every later one that makes or lengthens a file; a write puts
   *   half of its bytes first. Writing over what is there works on a full disk
   * - `fail`: EIO once, nothing done
   * - `kill`: this step and everything after it does nothing and throws: what kill -9 leaves on the disk
   * - `torn`: like kill, but a write puts half of its bytes first
   */
  readonly kind: 'full' | 'fail' | 'kill' | 'torn'
  /** Called when `kill` or `torn` is reached: a child process sends itself a real SIGKILL here. */
  readonly onReach?: () => void
}

export interface FaultyFs extends StorageFs {
  /** What was called, e.g. 'append slot 50': the number of steps of a run without a fault is the number of places to fail it. */
  readonly steps: readonly string[]
  /** The disk has room again. A killed one stays dead. */
  repair(): void
}

export class Killed extends Error { readonly code = 'KILLED' }

const CAN_NEED_ROOM = new Set(['open wx', 'mkdir', 'append', 'datasync', 'sync', 'rename', 'link']) // some file systems find room only at sync
const NEEDS_ROOM = new Set(['open wx', 'mkdir', 'append'])

/** The real file system with one fault in it. Reading, closing and stat are not steps: they change nothing on the disk. */
export function faultyFs (fault?: DiskFault, inner: StorageFs = diskFs): FaultyFs {
  const steps: string[] = []
  let repaired = false
  let dead = false

  /** @param half does a part of the step: what a write leaves behind when the disk gets full in it */
  async function step<T> (name: string, what: string, act: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    if (dead) throw new Killed(`killed before ${name} ${what}`)
    const index = steps.length
    steps.push(`${name} ${what}`)
    if (fault === undefined || index < fault.at) return await act()
    if (fault.kind === 'kill' || fault.kind === 'torn') {
      dead = true
      if (fault.kind === 'torn') await half?.()
      fault.onReach?.()
      throw new Killed(`killed at ${name} ${what}`)
    }
    if (fault.kind === 'fail' && index === fault.at) throw Object.assign(new Error(`EIO: i/o error, ${name} ${what}`), { code: 'EIO' })
    if (fault.kind === 'full' && !repaired && (index === fault.at ? CAN_NEED_ROOM : NEEDS_ROOM).has(name)) {
      await half?.()
      throw Object.assign(new Error(`ENOSPC: no space left on device, ${name} ${what}`), { code: 'ENOSPC' })
    }
    return await act()
  }

  const alive = async <T>(act: () => Promise<T>): Promise<T> => {
    if (dead) throw new Killed('killed')
    return await act()
  }

  const wrap = (file: StorageFile, name: string): StorageFile => ({
    read: async (...args) => await alive(async () => await file.read(...args)),
    stat: async () => await alive(async () => await file.stat()),
    write: async (buffer, offset, length, position) => await step((await file.stat()).size < position + length ? 'append' : 'overwrite', `${name} ${length}`,
      async () => await file.write(buffer, offset, length, position),
      async () => await file.write(buffer, offset, Math.floor(length / 2), position)),
    truncate: async size => await step('truncate', `${name} ${size}`, async () => await file.truncate(size)),
    datasync: async () => await step('datasync', name, async () => await file.datasync()),
    sync: async () => await step('sync', name, async () => await file.sync()),
    close: async () => { await file.close() },
  })

  return {
    steps,
    repair () { repaired = true },
    open: async (file, flags, mode) => {
      const name = path.basename(file)
      const act = async (): Promise<StorageFile> => wrap(await inner.open(file, flags, mode), name)
      return flags === 'r' ? await alive(act) : await step(`open ${flags}`, name, act)
    },
    readdir: async dir => await alive(async () => await inner.readdir(dir)),
    mkdir: async (dir, options) => await step('mkdir', path.basename(dir), async () => await inner.mkdir(dir, options)),
    rename: async (from, to) => { await step('rename', path.basename(to), async () => { await inner.rename(from, to) }) },
    link: async (from, to) => { await step('link', path.basename(to), async () => { await inner.link(from, to) }) },
    unlink: async file => { await step('unlink', path.basename(file), async () => { await inner.unlink(file) }) },
    rmdir: async dir => { await step('rmdir', path.basename(dir), async () => { await inner.rmdir(dir) }) },
  }
}
