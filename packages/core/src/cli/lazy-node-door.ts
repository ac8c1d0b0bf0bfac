import type { CallOptions, NodeDoor } from '../daemon/node-door.ts'
import type { Io } from './io.ts'

/**
 * A door that is made at its first use, so that a command without need of the node does not even load the client.
 * Calls stop with the command (`io.signal`) and show their progress, unless the caller says otherwise.
 */
export function lazyNodeDoor (io: Pick<Io, 'signal' | 'report'>, open: () => Promise<NodeDoor>): NodeDoor {
  let opened: Promise<NodeDoor> | undefined
  const door = async (): Promise<NodeDoor> => await (opened ??= open())
  const full = (options: CallOptions = {}): CallOptions => ({ signal: io.signal, onProgress: io.report.progress, ...options })
  return {
    async call (method, params, options) { return await (await door()).call(method, params, full(options)) },
    async * list (method, params, options) { yield * (await door()).list(method, params, full(options)) },
    async * bytes (method, params, options) { yield * (await door()).bytes(method, params, full(options)) },
  }
}

/** For a table or a test without a node: every use is an error of the program. */
export const noNodeDoor: NodeDoor = {
  call: async method => { throw new Error(`no node here for ${method}`) },
  list: method => { throw new Error(`no node here for ${method}`) },
  bytes: method => { throw new Error(`no node here for ${method}`) },
}
