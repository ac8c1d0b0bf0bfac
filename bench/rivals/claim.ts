import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { RpcClient } from '@ipkit/core/daemon/rpc-client'
import type { Person } from '@ipkit/testkit/person'
import { nodeTarget } from '../../packages/burn-cli/src/domain/incoming-message.ts'
import { parseBurnLink } from '../../packages/burn-cli/src/domain/link.ts'
import { burnRpc, callBurn } from '../../packages/burn-cli/src/rpc.ts'

/**
 * The claim by itself: the reader's node makes its key durable, proves the link, the sender's node makes CLAIMED durable and seals the
 * key, the reader's node makes the answer durable and opens it. One new connection of a throw-away peer is in it when the one that fetched has
 * gone. @returns milliseconds of each
 */
export async function timeClaim (ann: Person, bob: Person, times: number): Promise<number[]> {
  const node = new RpcClient({ address: () => path.join(bob.home, 'node.sock') })
  const taken: number[] = []
  for (let n = 0; n < times; n++) {
    const { link } = await ann.json<{ link: string }>('burn', ['add', '-'], { input: 'a short text' })
    const target = nodeTarget(parseBurnLink(link), [])
    await callBurn(node, burnRpc.fetch, target)
    const started = performance.now()
    await callBurn(node, burnRpc.claim, { ...target, passProofKey: null })
    taken.push(performance.now() - started)
    await callBurn(node, burnRpc.finish, target)
  }
  node.close()
  return taken
}
