/** `ipfs-dedup-sync forget <name@version|root>` and `gc`: what is kept no more, and the room of it. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { callSync, syncRpc } from '../rpc.ts'
import { checkTarget } from './check-target.ts'

export async function forget (io: Io, args: { readonly what: string }): Promise<Outcome> {
  const { roots, name, nameForgotten } = await callSync(io.node, syncRpc.forget, { target: checkTarget(args.what) })
  io.report.note("'ipfs-dedup-sync gc' frees what nothing else holds")
  const what = [...nameForgotten && name !== null ? [name] : [], ...roots]
  return document({ roots, name, nameForgotten }, `forgot ${what.join('\n       ')}`)
}

export async function gc (io: Io): Promise<Outcome> {
  const freed = await callSync(io.node, syncRpc.gc, {}, { signal: io.signal, onProgress: event => { io.report.progress(event) } })
  return document({ freedBytes: freed.freedBytes, freedBlocks: freed.freedBlocks }, freed.freedBlocks === 0 ? 'nothing to free' : `freed ${formatBytes(freed.freedBytes)} in ${freed.freedBlocks} block${freed.freedBlocks === 1 ? '' : 's'}`)
}
