import type { HostFacts } from '../config/host-facts.ts'
import type { Clock } from '../time/clock.ts'
import type { ProtocolRange } from './rpc-wire.ts'

/** What a command says of itself and of the node it wants. */
export interface OpenNodeInput {
  /** The binary's name, for hints: 'burn'. */
  readonly tool: string
  readonly flags: { readonly home?: string | undefined, readonly node?: string | undefined }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly host: HostFacts
  readonly clock: Clock
  /** Absolute path of the tool's own dist/node-main.js. */
  readonly nodeMain: string
  /** The tool's service; absent for a tool that only asks `node.*`. */
  readonly service?: ServiceAsk
  readonly onWait?: () => void
  /** Asks for the identity's passphrase when the node to be started needs one; undefined where nobody can be asked. */
  readonly askPassphrase?: () => Promise<string> | undefined
  /** For tests; else what this build speaks. */
  readonly protocol?: ProtocolRange
  readonly patienceMs?: number
}

export interface ServiceAsk {
  readonly name: string
  /** The build that this CLI needs; the node may have a newer one. */
  readonly build: number
  /** Absolute path of dist/service.json. */
  readonly manifest: string
}
