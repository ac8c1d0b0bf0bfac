import type { Io } from '@ipkit/core/cli/io'
import { document, list, type Outcome } from '@ipkit/core/cli/outcome'
import { tableText } from '@ipkit/core/cli/table'
import type { KnownPeer } from '../domain/contact-book.ts'
import type { IpkitDeps } from './deps.ts'

const table = tableText([{ title: 'NAME', width: 20 }, { title: 'PEER ID', width: 56 }])

/** `ipkit contacts add <name> <peer-id> [multiaddr..]` */
export async function addContact (deps: IpkitDeps, io: Io, args: { readonly name: string, readonly peerId: string, readonly multiaddr: readonly string[] }): Promise<Outcome> {
  const added = await (await deps.contacts(io)).add({ name: args.name, peerId: args.peerId, addresses: args.multiaddr })
  return document(added, `${added.name} is ${added.peerId}`)
}

/** `ipkit contacts ls` */
export async function listContacts (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const all = await (await deps.contacts(io)).all()
  return list<KnownPeer>((async function * () { yield * all })(), {
    header: table.header,
    toText: contact => [table.row([contact.name, contact.peerId]), ...contact.addresses.map(address => `  ${address}`)].join('\n'),
    emptyText: "no contacts yet; add one: ipkit contacts add NAME PEER-ID",
  })
}

/** `ipkit contacts rm <name>` */
export async function removeContact (deps: IpkitDeps, io: Io, args: { readonly name: string }): Promise<Outcome> {
  await (await deps.contacts(io)).remove(args.name)
  return document({ removed: args.name }, `${args.name} is removed`)
}
