import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { verifyWithKey } from '@ipkit/core/identity/verify-with-key'
import { nameFromPublicKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import { ManualClock } from '@ipkit/testkit/manual-clock'
import { memoryKeyValueStore } from '@ipkit/testkit/memory-key-value-store'
import { leafLink } from '../src/domain/tree/tree-node.ts'
import { Histories } from '../src/domain/versions/histories.ts'
import { KnownNames } from '../src/domain/versions/known-names.ts'
import { prefixedStore } from '@ipkit/core/storage/prefixed-store'
import type { CommitFields, VerifySignature } from '../src/domain/versions/commit.ts'

export const START_MS = Date.UTC(2026, 2, 1)
export const verify: VerifySignature = (key, message, signature) => verifyWithKey({ type: 'ed25519', key }, message, signature)
export const keyOf = (n: number): PeerKey => new PeerKey(new Uint8Array(32).fill(n))
export const nameOf = (n: number): IpnsName => nameFromPublicKey(keyOf(n).publicKey)
/** Some root: a CID of no block that is anywhere. */
export const rootOf = (n: number): string => leafLink(new Uint8Array(32).fill(n), 1).cid.toString()

export const fieldsOf = (root: string, more: Partial<CommitFields> = {}): Omit<CommitFields, 'number' | 'parent' | 'atMs'> =>
  ({ root, note: '', author: '', file: 'data.bin', sizeBytes: 1, sha256: undefined, newBytes: 1, ...more })

export interface VersionHome { readonly histories: Histories, readonly known: KnownNames, readonly store: KeyValueStore, readonly clock: ManualClock }

/** A later call with the same store is the home after a restart. */
export async function versionHome (store: KeyValueStore = memoryKeyValueStore(), clock = new ManualClock(START_MS)): Promise<VersionHome> {
  const known = await KnownNames.open(prefixedStore(store, 'name/'), (what, e) => { throw new Error(`${what}: ${String(e)}`) })
  return { store, clock, known, histories: new Histories({ store, known, clock, verify }) }
}

export async function collect<T> (items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const codeOf = async (work: Promise<unknown>): Promise<string> => await work.then(() => 'ok', (e: unknown) => (e as { code?: string }).code ?? String(e))
