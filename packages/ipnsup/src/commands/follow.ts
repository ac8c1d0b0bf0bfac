/** `ipnsup follow|unfollow|forget <name>`: whose records are kept, and of whom nothing is. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { callIpnsup, ipnsupRpc } from '../rpc.ts'
import { findName, findTarget } from './find-name.ts'

interface NameArgs { readonly name: string }

export async function follow (io: Io, args: NameArgs): Promise<Outcome> {
  const { name, known } = await callIpnsup(io.node, ipnsupRpc.follow, { name: await findName(io, args.name) })
  if (!known) io.report.note('nothing is known of it yet; it is looked up as soon as somebody is in reach')
  return document({ name, followed: true, known }, `following ${name}`)
}

export async function unfollow (io: Io, args: NameArgs): Promise<Outcome> {
  const { name, followed, known } = await callIpnsup(io.node, ipnsupRpc.unfollow, { name: await findName(io, args.name) })
  if (known) io.report.note("its last record stays remembered; 'ipnsup forget' drops it")
  return document({ name, followed, known }, `not following ${name}`)
}

/** Also a name of DNS. Exit 4 when there was nothing to forget. */
export async function forget (io: Io, args: NameArgs): Promise<Outcome> {
  const { name, forgotten } = await callIpnsup(io.node, ipnsupRpc.forget, { name: await findTarget(io, args.name) })
  if (!forgotten) return document({ name, forgotten }, `nothing was remembered of ${name}`, 'notFound')
  io.report.note('older answers for it are believed again')
  return document({ name, forgotten }, `forgot ${name}`)
}
