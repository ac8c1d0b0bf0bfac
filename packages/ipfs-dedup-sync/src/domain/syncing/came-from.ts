import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { isAppError } from '@ipkit/core/errors/app-error'
import { array, string } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import type { CameFrom } from './sync-ports.ts'

const MAX_PEERS = 32
const PEERS = array(string({ min: 1, max: 128 }), { max: MAX_PEERS })

/** Of each root the peers that it came from. On disk: docs/formats/sync-versions.md, "from/". A damaged note is none. */
export function storedCameFrom (store: KeyValueStore): CameFrom {
  const of = async (root: string): Promise<string[]> => {
    const stored = await store.get(root)
    if (stored === undefined) return []
    try {
      return PEERS.read(decodeStrict(stored), 'peers')
    } catch (e) {
      if (isAppError(e)) return []
      throw e
    }
  }
  return {
    of,
    async note (root, peers) {
      if (peers.length > 0) await store.put(root, encodeStrict([...new Set([...peers, ...await of(root)])].slice(0, MAX_PEERS)))
    },
    async forget (root) { await store.delete(root) },
  }
}
