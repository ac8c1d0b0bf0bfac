import type { CID } from 'multiformats/cid'
import { join } from '../src/domain/bytes.ts'
import type { InboxAnswer, InboxEntry } from '../src/domain/inbox-desk.ts'

export interface MemoryInboxEntry extends InboxEntry {
  readonly payload: Uint8Array
  /** Leaves that were stored since it was made: what a resumed fetch had to bring. */
  readonly stored: number[]
  /** The next `storeLeaf` fails: no space left. */
  full: boolean
}

/** The port in memory. */
export function memoryInboxEntry (id: Uint8Array, root: CID): MemoryInboxEntry {
  const leaves: Uint8Array[] = []
  let layout: InboxEntry['layout']
  let key: Uint8Array | undefined
  let kept: InboxAnswer | undefined
  const entry: MemoryInboxEntry = {
    id,
    root,
    stored: [],
    full: false,
    get layout () { return layout },
    get storedLeaves () { return leaves.length },
    get payload () { return join(...leaves) },
    async acceptLayout (sizeBytes, hashes) { layout = { sizeBytes, hashes } },
    async storeLeaf (index, bytes) {
      if (entry.full) throw new Error('ENOSPC')
      if (index !== leaves.length) throw new Error(`leaf ${index} where ${leaves.length} was due`)
      leaves.push(bytes.slice())
      entry.stored.push(index)
    },
    async finishPayload () {},
    async readPayload (from, sizeBytes) { return entry.payload.slice(from, from + sizeBytes) },
    async readerKey (make) { key ??= make(); return key },
    async answer () { return kept },
    async keepAnswer (answer) { kept = answer },
  }
  return entry
}
