/** The ipfs transport, put together: whose blocks, whose word for the root. */
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import type { ResolveTxt } from '@ipkit/core/net/resolve-txt'
import { distName, findDistRoot } from '../domain/dist-root.ts'
import type { Origin } from '../domain/origin.ts'
import type { Place, Settings } from '../domain/place.ts'
import { findDaemon } from './daemon-blocks.ts'
import { ipfsOrigin } from './ipfs-origin.ts'
import { nodeBlocks } from './node-blocks.ts'

export interface IpfsTransportDeps {
  readonly place: Pick<Place, 'ipfsPath' | 'jsRepo'>
  readonly settings: Pick<Settings, 'distCid' | 'peers'>
  readonly node: NodeDoor
  /** @param peer as the settings have it @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID */
  addressesOf(peer: string): Promise<readonly string[]>
  /** The shared node's setting. */
  publicNetwork(): Promise<boolean>
  readonly resolveTxt: ResolveTxt
}

export interface IpfsTransport {
  readonly origin: Origin
  /** Who gives the blocks. */
  readonly from: string
  /** False: there is only the shared node, and it knows nobody whom it could ask. */
  readonly inReach: boolean
}

/** A daemon that runs, else the shared node, which is not started before the origin is asked for something. @throws AppError CONTACT_UNKNOWN, ADDRESS_INVALID; the signal's reason */
export async function openIpfsTransport (deps: IpfsTransportDeps, signal: AbortSignal): Promise<IpfsTransport> {
  const { place, settings, node, resolveTxt } = deps
  const daemon = await findDaemon([place.ipfsPath, place.jsRepo], signal)
  const publicNetwork = daemon !== undefined || await deps.publicNetwork()
  const blocks = daemon ?? nodeBlocks({ node, peers: await Promise.all(settings.peers.map(async peer => await deps.addressesOf(peer))), publicNetwork })
  const root = { pinned: settings.distCid, daemon, resolveTxt }
  return {
    origin: ipfsOrigin({ name: distName(settings.distCid), blocks, root: async stop => await findDistRoot(root, stop) }),
    from: blocks.name,
    inReach: publicNetwork || settings.peers.length > 0,
  }
}
