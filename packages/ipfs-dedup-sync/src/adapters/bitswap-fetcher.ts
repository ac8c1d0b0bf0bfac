import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { EphemeralHost, ServiceBlocks } from '@ipkit/core/daemon/service'
import type { BlockFetcher } from '../domain/moving/pull-blocks.ts'

export interface BitswapDeps {
  /** That listens to nobody and serves nothing. */
  readonly host: Pick<EphemeralHost, 'bitswapGet'>
  /** Whose `get` asks everybody who is connected. */
  readonly blocks: Pick<ServiceBlocks, 'get'>
  /** Each a peer, multiaddrs; asked first and in this order. */
  readonly peers: ReadonlyArray<readonly string[]>
}

/** Blocks from other IPFS nodes, over bitswap, one question at a time. A named peer that cannot be asked is asked no more. */
export function bitswapFetcher ({ host, blocks, peers }: BitswapDeps): BlockFetcher {
  let left = [...peers]
  return {
    async get (cid, signal) {
      for (const peer of left) {
        try {
          const bytes = await host.bitswapGet(peer, cid, { signal })
          if (bytes !== undefined) return bytes
        } catch (e) {
          signal.throwIfAborted()
          if (!isAppError(e)) throw e
          left = left.filter(other => other !== peer)
          if (left.length === 0 && peers.length > 0) throw e
        }
      }
      if (peers.length > 0 && left.length > 0) throw new AppError('BLOCK_NOT_FOUND', `no peer that was named has block ${cid}`, { exit: 'notFound', hints: ['name another: --from <peer>'] })
      return await blocks.get(cid, { signal })
    },
  }
}
