/** What the node's process needs of its network and of its services: node-root.ts puts the real ones in, tests put in small ones. */
import type { Config } from '../config/config-keys.ts'
import type { AppPaths } from '../config/app-paths.ts'
import type { HostFacts } from '../config/host-facts.ts'
import type { PeerKey } from '../identity/peer-key.ts'
import type { Clock } from '../time/clock.ts'
import type { ClockState } from './clock-evidence.ts'
import type { LeaseBook } from './lease-book.ts'
import type { NodeLog } from './node-log.ts'
import type { RpcHandler, ServiceKeys } from './service.ts'
import type { ClassicLevel } from 'classic-level'

export interface NodePartsInput {
  readonly paths: AppPaths
  readonly config: Config
  readonly key: PeerKey
  readonly keys: ServiceKeys
  /** Open, and this process's alone: its lock is the node's lock. Closed by the process, after everything else. */
  readonly database: ClassicLevel<string, Uint8Array>
  readonly clock: Clock
  readonly clockState: () => ClockState['state']
  readonly log: NodeLog
  readonly host: HostFacts
  readonly randomBytes: (sizeBytes: number) => Uint8Array
  /** Aborts when the node begins to stop. */
  readonly signal: AbortSignal
}

export interface NodeNetwork extends AsyncDisposable {
  /** Each ends in /p2p/<peer id>. */
  addresses(): string[]
  httpAddresses(): string[]
  /** One for each connection. */
  peers(): ReadonlyArray<{ readonly peerId: string, readonly address: string, readonly direction: 'inbound' | 'outbound' }>
  /** @param addresses multiaddrs of one peer @throws AppError PEER_UNREACHABLE */
  connect(addresses: readonly string[], signal: AbortSignal): Promise<{ readonly peerId: string }>
}

export interface LoadedService {
  readonly name: string
  readonly build: number
  readonly state: 'running' | 'failed' | 'stopped'
  /** Why it failed. */
  readonly error?: string
}

export interface NodeServices extends AsyncDisposable {
  lookup(method: string): RpcHandler | undefined
  list(): readonly LoadedService[]
  /** How many blocks each service keeps from being cleaned up; those without any are left out. */
  pinCounts(): Promise<ReadonlyMap<string, number>>
  /**
   * Loaded builds at or above the asked one are kept.
   * @throws AppError SERVICE_OLDER when an older build is loaded: code that runs is not replaced, the node has to start again
   */
  ensure(ask: { readonly manifest: string, readonly build: number }, signal: AbortSignal): Promise<LoadedService>
}

/** Opens the network, then every service that is installed in the home. A service that throws is listed as failed. */
export type OpenNodeParts = (input: NodePartsInput & { readonly leases: LeaseBook }) => Promise<{ readonly network: NodeNetwork, readonly services: NodeServices }>
