/** `ipfs-dedup-sync serve|unserve <root|name>`: what peers may have at all. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { callSync, syncRpc } from '../rpc.ts'
import { checkTarget } from './check-target.ts'

interface ServeArgs { readonly what: string }

export async function serve (io: Io, args: ServeArgs): Promise<Outcome> {
  const { root, name, names } = await callSync(io.node, syncRpc.serve, { target: checkTarget(args.what) })
  return document({ root, name, served: true, names }, `served from now on: ${root ?? name}`)
}

export async function unserve (io: Io, args: ServeArgs): Promise<Outcome> {
  const { root, name, names } = await callSync(io.node, syncRpc.unserve, { target: checkTarget(args.what) })
  if (names.length > 0) io.report.warn('STILL_SERVED', `it is a version of ${names.join(' and ')}, which ${names.length === 1 ? 'is' : 'are'} served: unserve that too`)
  return document({ root, name, served: false, names }, `no longer served: ${root ?? name}`)
}
