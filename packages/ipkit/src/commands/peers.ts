import type { Io } from '@ipkit/core/cli/io'
import { list, document, type Outcome } from '@ipkit/core/cli/outcome'
import { readConnected, readPeer, type Peer } from '../domain/node-control.ts'
import type { IpkitDeps } from './deps.ts'

/** `ipkit peers`: whom the running node is connected to, one for each connection. Starts nothing: a node that starts has no peers. */
export async function peers (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const items = await (await deps.node(io)).ask('node.peers', readPeer)
  if (items === undefined) io.report.note('no node is running')
  return list<Peer>(items ?? none(), {
    toText: peer => `${peer.peerId}\n  ${peer.direction === 'inbound' ? 'from' : 'to'} ${peer.address}`,
    ...items === undefined ? {} : { emptyText: 'no peers are connected' },
  })
}

async function * none (): AsyncGenerator<never> { /* a list without items */ }

/** `ipkit connect <peer>`: a multiaddr, or a contact with addresses. */
export async function connect (deps: IpkitDeps, io: Io, args: { readonly peer: string }): Promise<Outcome> {
  const addresses = await (await deps.contacts(io)).addressesOf(args.peer)
  io.report.progress({ step: `connecting to ${args.peer}` })
  const found = readConnected(await io.node.call('node.connect', { addresses }))
  return document(found, `connected to ${found.peerId}`)
}
