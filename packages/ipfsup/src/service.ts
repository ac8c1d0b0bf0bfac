/** Ipfsup's composition root inside the node: blocks for the ipfs transport. Everything else of ipfsup runs in the command. */
import type { Service, ServiceScope } from '@ipkit/core/daemon/service'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { check } from '@ipkit/core/schema/schema'
import { BorrowedBlocks } from './domain/borrowed-blocks.ts'
import { blockParams, IPFSUP_BLOCK } from './rpc.ts'

const service: Service = { name: 'ipfsup', contract: 1, start }
export default service

async function start (scope: ServiceScope): Promise<AsyncDisposable> {
  const report = (error: unknown): void => { scope.log.warn('giving back a block', { code: codeOf(error), error: messageOf(error) }) }
  const blocks = new BorrowedBlocks({ blocks: scope.blocks, notes: scope.datastore, clock: scope.clock, report })
  await blocks.giveBackOld().catch(report)
  scope.rpc(IPFSUP_BLOCK, async (params, call) => {
    const { cid } = check(blockParams, params, 'params')
    const bytes = await blocks.get(cid, AbortSignal.any([call.signal, scope.signal]))
    return { kind: 'bytes', source: (async function * () { yield bytes })() }
  })
  return blocks
}
