import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import type { RpcHandler } from '@ipkit/core/daemon/service'

/** A service's methods as a client sees them, without the socket: plain JSON both ways. @param methods looked up at each call */
export function doorToMethods (methods: () => ReadonlyMap<string, RpcHandler>): NodeDoor {
  const ask = async (...[method, params, options]: Parameters<NodeDoor['call']>): Promise<Awaited<ReturnType<RpcHandler>>> => await methods().get(method)!(JSON.parse(JSON.stringify(params)), {
    signal: options?.signal ?? new AbortController().signal,
    upload: options?.upload ?? (async function * () {})(),
    progress: event => options?.onProgress?.(event),
  })
  return {
    async call (...args) {
      const reply = await ask(...args)
      return reply.kind === 'result' ? JSON.parse(JSON.stringify(reply.value)) as unknown : undefined
    },
    async * list (...args) {
      const reply = await ask(...args)
      if (reply.kind === 'items') yield * reply.items
    },
    async * bytes (...args) {
      const reply = await ask(...args)
      if (reply.kind === 'bytes') yield * reply.source
    },
  }
}
