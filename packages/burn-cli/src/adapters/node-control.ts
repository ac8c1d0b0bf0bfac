import { readLogTail } from '@ipkit/core/daemon/log-tail'
import type { SharedNode } from '@ipkit/core/daemon/open-node'
import type { NodeControl } from '../commands/deps.ts'

/** @param logFile node.log of the home */
export const nodeControl = (node: SharedNode, logFile: string, signal: AbortSignal): NodeControl => ({
  async status () {
    if (await node.peek(signal) === undefined) return undefined
    return await node.call('node.status', {}, { signal }) as Readonly<Record<string, unknown>>
  },
  stop: async () => await node.stop({ ifIdle: false }, signal),
  logLines: async count => ({ file: logFile, lines: readLogTail(logFile, count) }),
})
