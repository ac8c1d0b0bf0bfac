/** The memories of all names, kept in a store. Spec: docs/protocols/ipns-records.md, "Remembering". */
import { SerialQueue } from '../streams/serial-queue.ts'
import { sameBytes } from './compare-bytes.ts'
import type { IpnsName } from './ipns-name.ts'
import type { VerifiedRecord } from './ipns-record.ts'
import { decodeMemory, encodeMemory } from './name-memory-codec.ts'
import { remember, type NameMemory, type RememberOptions, type Remembered } from './name-memory.ts'

/** What of a service's datastore is needed. A write is on disk when its promise resolves. */
export interface MemoryStore {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
}

/** That a record was seen again is not worth a write each time. */
export const SEEN_AGAIN_STEP_MS = 3_600_000

/** Calls may overlap: changes of memories are made one after the other. */
export class NameMemories {
  readonly #store: MemoryStore
  readonly #changes = new SerialQueue()

  constructor (store: MemoryStore) {
    this.#store = store
  }

  /** @returns undefined for a name of which nothing is remembered @throws AppError NAME_MEMORY_DAMAGED */
  async get (name: IpnsName): Promise<NameMemory | undefined> {
    const stored = await this.#store.get(name.text)
    return stored === undefined ? undefined : decodeMemory(name, stored)
  }

  /** Durable when it resolves. @throws AppError RECORD_EXPIRED, NAME_MEMORY_DAMAGED, and what the store throws: nothing is remembered then */
  async remember (record: VerifiedRecord, options: RememberOptions): Promise<Remembered> {
    return await this.#changes.run(async () => {
      const before = await this.get(record.name)
      const after = remember(before, record, options)
      if (isWorthWriting(before, after)) await this.#store.put(record.name.text, encodeMemory(after.memory))
      return after
    })
  }

  /** The name is unknown afterwards, with no protection against old records of it. */
  async forget (name: IpnsName): Promise<void> {
    await this.#changes.run(async () => { await this.#store.delete(name.text) })
  }
}

function isWorthWriting (before: NameMemory | undefined, { relation, memory }: Remembered): boolean {
  if (memory === before) return false
  if (before === undefined || relation !== 'same') return true
  return memory.branches.some(branch => {
    const old = before.branches.find(({ record }) => sameBytes(record.dataHash, branch.record.dataHash))
    return old !== undefined && branch.lastSeenMs - old.lastSeenMs >= SEEN_AGAIN_STEP_MS
  })
}
