import type { ServiceScope } from '@ipkit/core/daemon/service'
import { verifyWithKey } from '@ipkit/core/identity/verify-with-key'
import { MemoryShelf } from '../domain/keeping/memory-shelf.ts'
import { NodeServePolicy } from '../domain/serving/serve-policy.ts'
import { ServingLease } from '../domain/serving/serving-lease.ts'
import type { AddDeps } from '../domain/syncing/adding.ts'
import { storedCameFrom } from '../domain/syncing/came-from.ts'
import { Histories } from '../domain/versions/histories.ts'
import { KnownNames } from '../domain/versions/known-names.ts'
import { prefixedStore } from '../domain/versions/prefixed-store.ts'
import { netMover } from './net-mover.ts'
import { nodeIntake } from './node-intake.ts'
import { nodeOutlet } from './node-outlet.ts'

/** All that the service's methods stand on. */
export interface OpenSync extends AsyncDisposable {
  readonly deps: AddDeps
  readonly serving: ServingLease
}

export interface OpenSyncOptions {
  /** Of the WASM modules and workers; absolute. */
  readonly dist: string
  /** Aborts when the service stops. */
  readonly signal: AbortSignal
  readonly report: (what: string, error: unknown) => void
}

/** Opens store, engine and network of the real node. */
export async function openSync (scope: ServiceScope, { dist, report }: OpenSyncOptions): Promise<OpenSync> {
  const { clock, keys, leases, datastore: store, net } = scope
  const shelf = new MemoryShelf(() => clock.now())
  const known = await KnownNames.open(prefixedStore(store, 'name/'), report)
  const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => verifyWithKey({ type: 'ed25519', key: publicKey }, message, signature)
  const histories = new Histories({ store, known, clock, verify })
  const policy = new NodeServePolicy({ store: prefixedStore(store, 'rule/'), shelf, histories, known })
  const deps: AddDeps = {
    shelf, known, histories, policy, keys, clock, verify, report, peerId: net.peerId,
    came: storedCameFrom(prefixedStore(store, 'from/')),
    intake: nodeIntake({ dist }),
    outlet: nodeOutlet({ blocks: shelf }),
    mover: netMover(scope),
  }
  return { deps, serving: new ServingLease({ shelf, known, leases, clock }), async [Symbol.asyncDispose] () {} }
}
