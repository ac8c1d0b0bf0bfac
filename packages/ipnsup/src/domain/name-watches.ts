/** Who waits for changes of names. A watcher that reads slowly loses the oldest changes, never the latest. */
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import type { NameMemory } from '@ipkit/core/names/name-memory'
import { MAX_WAITING_CHANGES } from './limits.ts'

export interface NameChange {
  readonly memory: NameMemory
  /** Who gave the record that changed it; 'local' for one made here. */
  readonly source: string
  readonly atMs: number
}

interface Watcher { readonly waiting: NameChange[], wake: () => void }

export class NameWatches {
  readonly #watchers = new Map<string, { readonly name: IpnsName, readonly all: Set<Watcher> }>()

  /** Names that somebody watches now. */
  names (): IpnsName[] { return [...this.#watchers.values()].map(({ name }) => name) }

  has (name: IpnsName): boolean { return this.#watchers.has(name.text) }

  tell (change: NameChange): void {
    for (const watcher of this.#watchers.get(change.memory.name.text)?.all ?? []) {
      watcher.waiting.push(change)
      if (watcher.waiting.length > MAX_WAITING_CHANGES) watcher.waiting.shift()
      watcher.wake()
    }
  }

  /** Changes from the call on, as they come; ends when the signal aborts. @returns to be read, or else closed with `return` */
  watch (name: IpnsName, signal: AbortSignal): AsyncGenerator<NameChange, void, void> {
    const watcher: Watcher = { waiting: [], wake: () => {} }
    const entry = this.#watchers.get(name.text) ?? { name, all: new Set() }
    entry.all.add(watcher)
    this.#watchers.set(name.text, entry)
    const leave = (): void => {
      entry.all.delete(watcher)
      if (entry.all.size === 0) this.#watchers.delete(name.text)
      watcher.wake()
    }
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    return read(watcher, signal, leave)
  }
}

async function * read (watcher: Watcher, signal: AbortSignal, leave: () => void): AsyncGenerator<NameChange, void, void> {
  try {
    while (!signal.aborted) {
      const change = watcher.waiting.shift()
      if (change !== undefined) yield change
      else await new Promise<void>(resolve => { watcher.wake = resolve })
    }
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
  }
}
