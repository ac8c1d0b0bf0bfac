import { appPaths } from '../config/app-paths.ts'
import { readLogTail } from '../daemon/log-tail.ts'
import type { Io } from './io.ts'
import { processFacts } from './process-facts.ts'
import { openSharedNode, type BuiltTool } from './shared-node-door.ts'

/** What `<tool> node` does with the shared node. None of it starts one. */
export interface NodeControl {
  /** What `node.status` says; undefined when no node runs. */
  status(): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Resolves when it is gone. @returns false when none runs */
  stop(): Promise<boolean>
  /** The end of its log, as a person reads it. */
  logLines(count: number): Promise<{ readonly file: string, readonly lines: readonly string[] }>
}

/** The node of the home that this run's flags name. */
export async function nodeControl (tool: BuiltTool, io: Io): Promise<NodeControl> {
  const node = await openSharedNode(tool, io)
  const { log } = appPaths({ home: io.flags.home, env: io.env, cwd: io.cwd, host: processFacts() })
  return {
    async status () {
      if (await node.peek(io.signal) === undefined) return undefined
      return await node.call('node.status', {}, { signal: io.signal }) as Readonly<Record<string, unknown>>
    },
    stop: async () => await node.stop({ ifIdle: false }, io.signal),
    logLines: async count => ({ file: log, lines: readLogTail(log, count) }),
  }
}
