import type { ServiceBlocks, ServiceScope } from '@ipkit/core/daemon/service'
import { pullBlocks, type PullBlocksDeps } from '../domain/moving/pull-blocks.ts'
import { trafficSince } from '../domain/moving/traffic.ts'
import type { MovedBytes, Place } from '../domain/syncing/sync-ports.ts'
import { bitswapFetcher } from './bitswap-fetcher.ts'

export interface OverBitswapDeps extends Omit<PullBlocksDeps, 'fetcher'> {
  readonly scope: Pick<ServiceScope, 'peers' | 'ephemeralHost' | 'blocks'>
}

/**
 * A root from nodes that speak no more than IPFS: block by block, a round trip each.
 * @param places whom to ask; none: whoever is connected
 * @throws AppError BLOCK_NOT_FOUND; as `pullBlocks`
 */
export async function pullOverBitswap ({ scope, ...deps }: OverBitswapDeps, root: string, places: readonly Place[]): Promise<MovedBytes> {
  const newBefore = deps.session.newBytes
  const before = scope.peers.traffic()
  await using host = await scope.ephemeralHost({})
  const fetcher = bitswapFetcher({ host, blocks: { get: passing(scope.blocks) }, peers: places })
  const { fetchedBlocks } = await pullBlocks({ ...deps, fetcher }, root)
  const [own, others] = [host.traffic(), scope.peers.traffic()]
  const moved = places.length > 0 ? trafficSince(new Map(), own, own.keys()) : trafficSince(before, others, others.keys())
  return { ...moved, roundTrips: fetchedBlocks, newBytes: deps.session.newBytes - newBefore, dropped: [] }
}

/** A block that only passes through: nothing of it stays in the node's own store, unless it was there. */
function passing (blocks: ServiceBlocks): ServiceBlocks['get'] {
  return async (cid, options) => {
    if (await blocks.has(cid)) return await blocks.get(cid, options)
    await blocks.pin(cid)
    try {
      return await blocks.get(cid, options)
    } finally {
      await blocks.unpin(cid)
    }
  }
}
