import { availableParallelism } from 'node:os'
import path from 'node:path'
import type { ServiceScope } from '@ipkit/core/daemon/service'
import { verifyWithKey } from '@ipkit/core/identity/verify-with-key'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import { lazyEngine } from '../domain/deflate/lazy-engine.ts'
import { MAX_PLANS, MAX_STREAMS, MAX_STREAMS_PER_PEER } from '../domain/wire-limits.ts'
import { Turns } from '../domain/moving/turns.ts'
import { NodeServePolicy } from '../domain/serving/serve-policy.ts'
import { ServingLease } from '../domain/serving/serving-lease.ts'
import type { AddDeps } from '../domain/syncing/adding.ts'
import { storedCameFrom } from '../domain/syncing/came-from.ts'
import { Histories } from '../domain/versions/histories.ts'
import { KnownNames } from '../domain/versions/known-names.ts'
import { prefixedBulkStore, prefixedStore } from '@ipkit/core/storage/prefixed-store'
import { loadChunker } from './load-chunker.ts'
import { netMover } from './net-mover.ts'
import { nodeIntake } from './node-intake.ts'
import { nodeOutlet } from './node-outlet.ts'
import { openPackShelf } from './open-pack-shelf.ts'
import { workerEngine } from './worker-engine.ts'
import { zlibSqueeze } from './zlib-squeeze.ts'
import { answerPeer } from '../protocol.ts'
import { DEDUP_SYNC_PROTOCOL } from '../wire.ts'
import { headSource, offerSink } from '../domain/syncing/answering.ts'

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

/** Threads that have had nothing to encode for so long are ended. */
const ENGINE_IDLE_MS = 30_000

/** Opens store, engine and network of the real node, and answers peers. */
export async function openSync (scope: ServiceScope, { dist, signal, report }: OpenSyncOptions): Promise<OpenSync> {
  const { clock, keys, leases, bulkStore: store, net } = scope
  const shelf = await openPackShelf({ folder: scope.dataDir, index: prefixedBulkStore(store, 'shelf/'), fs: diskFs, nowMs: () => clock.now() })
  const inDist = (file: string): string => path.join(dist, file)
  const workers = availableParallelism()
  const engine = lazyEngine(clock, ENGINE_IDLE_MS, () => workerEngine({ workers, workerFile: inDist('deflate-worker.js'), wasmFile: inDist('deflate.wasm') }))
  const threads = { workers, workerFile: inDist('chunk-worker.js'), wasmFile: inDist('chunker.wasm'), scanner: loadChunker(inDist('chunker.wasm')) }
  const known = await KnownNames.open(prefixedStore(store, 'name/'), report)
  const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => verifyWithKey({ type: 'ed25519', key: publicKey }, message, signature)
  const histories = new Histories({ store, known, clock, verify })
  const policy = new NodeServePolicy({ store: prefixedStore(store, 'rule/'), shelf, histories, known })
  const deps: AddDeps = {
    shelf, known, histories, policy, keys, clock, verify, report, peerId: net.peerId,
    came: storedCameFrom(prefixedStore(store, 'from/')),
    intake: await nodeIntake({ shelf, engine, threads, spoolFolder: path.join(scope.dataDir, 'spool'), randomBytes: n => scope.randomBytes(n) }),
    outlet: nodeOutlet({ blocks: shelf, engine }),
    mover: netMover({ scope, shelf }),
  }
  const serving = new ServingLease({ shelf, known, leases, clock })
  const answering = { shelf, policy, clock, heads: headSource(deps), offers: offerSink(deps, async () => { await serving.look() }), squeeze: zlibSqueeze, plans: new Turns(MAX_PLANS) }
  await net.handle(DEDUP_SYNC_PROTOCOL, async (channel, handlerSignal) => {
    await answerPeer(answering, channel, AbortSignal.any([handlerSignal, signal]))
  }, { maxStreams: MAX_STREAMS, maxStreamsPerPeer: MAX_STREAMS_PER_PEER })
  return {
    deps,
    serving,
    async [Symbol.asyncDispose] () {
      await engine[Symbol.asyncDispose]()
      await shelf[Symbol.asyncDispose]()
    },
  }
}
