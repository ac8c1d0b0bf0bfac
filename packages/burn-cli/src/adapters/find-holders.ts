/** Which of exactly these addresses has a message or a block. Asks nobody else. */
import { isAppError } from '@ipkit/core/errors/app-error'
import type { EphemeralHost, ServiceScope } from '@ipkit/core/daemon/service'
import type { Clock } from '@ipkit/core/time/clock'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import { CID } from 'multiformats/cid'
import { isPayloadCid } from '../domain/payload-layout.ts'
import { askHolds } from '../protocol.ts'
import type { FindItem } from '../rpc.ts'
import { BURN_PROTOCOL } from '../wire.ts'
import { nodeBulkCrypto } from './node-bulk-crypto.ts'

const AT_ONCE = 16

/** @param cid text @param addresses multiaddrs @returns an item for each, in their order */
export async function * findHolders (scope: Pick<ServiceScope, 'ephemeralHost' | 'clock'>, cid: string, addresses: readonly string[], signal: AbortSignal): AsyncGenerator<FindItem> {
  const root = CID.parse(cid)
  await using host = await scope.ephemeralHost({})
  yield * mapConcurrent(addresses, AT_ONCE, async address => {
    const startMs = scope.clock.now()
    const ms = (): number => Math.max(0, scope.clock.now() - startMs)
    try {
      const has = await ask(host, scope.clock, address, root, signal)
      return { address, has, ms: ms() }
    } catch (e) {
      signal.throwIfAborted()
      if (!isAppError(e)) throw e
      return { address, has: null, ms: ms(), error: { code: e.code, message: e.message } }
    }
  })
}

/** A peer may be both: one that burn knows, and one with blocks for everybody. */
async function ask (host: EphemeralHost, clock: Clock, address: string, root: CID, signal: AbortSignal): Promise<boolean> {
  const holds = isPayloadCid(root) ? await unlessMissing(askBurn(host, clock, address, root, signal)) : undefined
  if (holds === true) return true
  const asked = host.bitswapHas([address], root.toString(), { signal })
  return await (holds === undefined ? asked : unlessMissing(asked)) ?? false
}

async function askBurn (host: EphemeralHost, clock: Clock, address: string, root: CID, signal: AbortSignal): Promise<boolean> {
  await using channel = await host.open([address], BURN_PROTOCOL, { signal })
  return await askHolds({ clock, signal, sha256: nodeBulkCrypto.sha256 }, channel, root)
}

/** @returns undefined when the peer does not speak that protocol */
async function unlessMissing (asked: Promise<boolean>): Promise<boolean | undefined> {
  try {
    return await asked
  } catch (e) {
    if (!isAppError(e) || e.code !== 'PEER_NO_PROTOCOL') throw e
    return undefined
  }
}
