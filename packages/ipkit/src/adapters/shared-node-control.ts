import { ensureHome } from '@ipkit/core/config/home-check'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { SharedNode } from '@ipkit/core/daemon/open-node'
import type { OpenNodeInput } from '@ipkit/core/daemon/open-node-input'
import { runNodeInForeground } from '@ipkit/core/daemon/spawn-node'
import type { Io } from '@ipkit/core/cli/io'
import { readStatus, type NodeControl, type NodeStatus } from '../domain/node-control.ts'

/** Control of the node behind the socket. */
export function sharedNodeControl (node: SharedNode, input: OpenNodeInput, io: Io): NodeControl {
  const { signal } = io
  const statusNow = async (): Promise<NodeStatus> => readStatus(await node.call('node.status', {}, { signal }))
  return {
    look: async () => {
      const answer = await node.callRunning('node.status', {}, { signal, repeatable: true })
      return answer === undefined ? undefined : readStatus(answer.value)
    },
    which: async () => {
      const { choice, why, endpoint, home, hello, kubo } = await node.which(signal)
      return { choice, why, endpoint, home, running: hello !== null, version: hello?.version ?? null, kubo: kubo === null ? null : kubo.api }
    },
    ask: async (method, read) => {
      if (await node.peek(signal) === undefined) return undefined
      return (async function * () { for await (const item of node.list(method, {}, { signal })) yield read(item) })()
    },
    start: async () => {
      const before = await node.peek(signal)
      const status = await statusNow()
      return { started: before?.pid !== status.pid, status }
    },
    runInForeground: async () => {
      ensureHome(node.paths, input.host)
      // ^C on a terminal reaches the child as well, and a second signal would end it at once.
      const told = new AbortController()
      signal.addEventListener('abort', () => {
        if (!(io.stdin.isTTY && isAppError(signal.reason) && signal.reason.code === 'INTERRUPTED')) told.abort(signal.reason)
      }, { once: true })
      return await runNodeInForeground({ nodeMain: input.nodeMain, home: node.paths.home, env: io.env, host: input.host }, told.signal)
    },
    stop: async how => {
      if (how === 'now') {
        if (await node.callRunning('node.stop', {}, { signal }) === undefined) return 'none'
        while (await node.peek(signal) !== undefined) await io.clock.sleep(20, signal)
        return 'stopped'
      }
      if (await node.peek(signal) === undefined) return 'none'
      return await node.stop({ ifIdle: how === 'if-idle' }, signal) ? 'stopped' : 'busy'
    },
  }
}
