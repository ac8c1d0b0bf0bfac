/** Blocks from the shared node, and so from the peers that it is connected to. */
import { MAX_BLOCK_BYTES } from '@ipkit/core/blocks/block-store'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { AppError } from '@ipkit/core/errors/app-error'
import { answer, check, integer } from '@ipkit/core/schema/schema'
import type { BlockSource } from '../domain/block-source.ts'
import { IPFSUP_BLOCK } from '../rpc.ts'

export interface NodeBlocksDeps {
  readonly node: NodeDoor
  /** Of `IPFSUP_PEERS`: each one peer's addresses. */
  readonly peers: ReadonlyArray<readonly string[]>
  /** Whether the node looks for blocks beyond the peers that it has. */
  readonly publicNetwork: boolean
}

const STATUS = answer({ peers: integer() })

/** Connects to `peers` at the first block. The bytes are as the node says: whoever asks checks them. */
export function nodeBlocks ({ node, peers, publicNetwork }: NodeBlocksDeps): BlockSource {
  let connected: Promise<void> | undefined
  const connect = async (signal: AbortSignal): Promise<void> => {
    const tries = await Promise.allSettled(peers.map(async addresses => await node.call('node.connect', { addresses }, { signal })))
    signal.throwIfAborted()
    if (publicNetwork || tries.some(({ status }) => status === 'fulfilled')) return
    const { peers: others } = check(STATUS, await node.call('node.status', {}, { signal }), 'node.status')
    if (others > 0) return
    const [refused] = tries.filter(each => each.status === 'rejected')
    if (refused !== undefined) throw refused.reason
    throw new AppError('NO_PEERS', 'it is connected to nobody', { exit: 'unreachable', hints: ['name who has the releases: IPFSUP_PEERS=<multiaddr>', "or join the public network: 'ipkit config set publicNetwork on'"] })
  }
  return {
    name: 'the shared node',
    async get (cid, signal) {
      await (connected ??= connect(signal).catch((e: unknown) => { connected = undefined; throw e }))
      return await collect(node.bytes(IPFSUP_BLOCK, { cid }, { signal, repeatable: true }))
    },
  }
}

async function collect (source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BLOCK_BYTES) throw new AppError('BLOCK_TOO_LARGE', `a block is over the limit of ${MAX_BLOCK_BYTES} bytes`, { exit: 'refused' })
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
