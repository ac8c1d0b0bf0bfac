import { AppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import { answer, array, boolean, check, integer, literal, optional, string, type Infer, type Schema } from '@ipkit/core/schema/schema'

/** The shared node as a thing to look at, start and stop. Only `start` starts one. */
export interface NodeControl {
  /** Undefined when none runs. @throws AppError when something runs there that is no node of ours */
  look(): Promise<NodeStatus | undefined>
  /** Which node commands would talk to, and why. */
  which(): Promise<WhichNode>
  /** Items of a list method of the running node; undefined when none runs. */
  ask<T>(method: string, read: (item: unknown) => T): Promise<AsyncIterable<T> | undefined>
  /** Resolves when it answers. @returns whether it had to be started @throws AppError NODE_* */
  start(): Promise<{ readonly started: boolean, readonly status: NodeStatus }>
  /** Runs it as a child until it ends, its log on stderr. @returns its exit code */
  runInForeground(): Promise<number>
  /**
   * Resolves when it is gone.
   * @returns 'stopped'; 'none' when none ran; 'busy' when it is in use and `how` is 'if-idle'
   */
  stop(how: 'after-calls' | 'if-idle' | 'now'): Promise<'stopped' | 'none' | 'busy'>
}

export interface WhichNode {
  readonly choice: 'own' | 'unix' | 'none'
  readonly why: string
  /** `unix:PATH`; null for none. */
  readonly endpoint: string | null
  readonly home: string
  readonly running: boolean
  readonly version: string | null
  readonly kubo: string | null
}

const name = string({ max: 64 })
const leaseSchema = answer({ service: name, id: string({ max: 256 }), reason: string({ max: 256 }), until: string({ max: 32 }) })
const serviceFields = { name, build: integer({ min: 0 }), state: literal('running', 'failed', 'stopped'), error: optional(string({ max: 4096 })) }
const leases = array(leaseSchema, { max: 100_000 })
const addresses = array(string({ max: 512 }), { max: 1024 })

const statusSchema = answer({
  pid: integer({ min: 1 }),
  peerId: string({ max: 128 }),
  version: name,
  uptimeMs: integer(),
  addresses,
  httpAddresses: addresses,
  services: array(answer(serviceFields), { max: 256 }),
  leases,
  draining: boolean(),
})
const appSchema = answer({ ...serviceFields, pins: integer(), leases })
const peerSchema = answer({ peerId: string({ max: 128 }), address: string({ max: 512 }), direction: literal('inbound', 'outbound') })
const idSchema = answer({ peerId: string({ max: 128 }), addresses, httpAddresses: addresses })
const connectedSchema = answer({ peerId: string({ max: 128 }) })

export type NodeStatus = Infer<typeof statusSchema>
export type App = Infer<typeof appSchema>
export type Peer = Infer<typeof peerSchema>

const reader = <T>(schema: Schema<T>, what: string) => (value: unknown): T => {
  try {
    return check(schema, value, what, 'BAD_ANSWER')
  } catch (e) {
    throw new AppError('BAD_ANSWER', `the node's answer was not understood: ${messageOf(e)}`, { cause: e, hints: ["the node may be of another version: 'ipkit restart'"] })
  }
}

/** Each throws BAD_ANSWER. */
export const readStatus = reader(statusSchema, 'the status')
export const readApp = reader(appSchema, 'the app')
export const readPeer = reader(peerSchema, 'the peer')
export const readId = reader(idSchema, 'the id')
export const readConnected = reader(connectedSchema, 'the answer')
