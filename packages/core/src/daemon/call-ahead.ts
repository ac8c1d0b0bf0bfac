/**
 * A call that may reach a node twice goes ahead of the hello, and brings along what the hello is asked for. A node that is not what it
 * needs refuses it before it begins; whatever else looks like no node of ours, or none that is well, is left to the hello, which says it best.
 */
import { codeOf } from '../errors/code-of.ts'
import type { CallOptions } from './node-door.ts'
import type { RpcClient } from './rpc-client.ts'
import type { CallNeeds } from './rpc-wire.ts'

export interface Ahead {
  readonly client: RpcClient
  readonly needs: CallNeeds
  /** After that long a silence the node is asked for its hello: one that is busy with a long call answers, one that is stuck does not. */
  readonly patienceMs: number
}

const HELLO_NEEDED = new Set(['HELLO_FIRST', 'NODE_DRAINING', 'NODE_CONNECTION_LOST', 'BAD_ANSWER'])

/** @returns undefined: to be sent again after a hello @throws AppError what the method threw */
export async function callAhead ({ client, ...ahead }: Ahead, method: string, params: unknown, options: CallOptions): Promise<{ readonly value: unknown } | undefined> {
  try {
    return { value: await client.call(method, params, { ...options, ...ahead }) }
  } catch (e) {
    if (HELLO_NEEDED.has(codeOf(e) ?? '')) return undefined
    throw e
  }
}

/** Yields the items. @returns false: none came, and it is to be sent again after a hello @throws AppError what the method threw */
export async function * listAhead ({ client, ...ahead }: Ahead, method: string, params: unknown, options: CallOptions): AsyncGenerator<unknown, boolean> {
  let began = false
  try {
    for await (const item of client.list(method, params, { ...options, ...ahead })) {
      began = true
      yield item
    }
    return true
  } catch (e) {
    if (!began && HELLO_NEEDED.has(codeOf(e) ?? '')) return false
    throw e
  }
}
