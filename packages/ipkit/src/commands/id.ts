import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { factsText } from '@ipkit/core/cli/table'
import { readId } from '../domain/node-control.ts'

/** `ipkit id`: who this home is, and where it can be reached. Starts the node: its ports are known only then. */
export async function id (io: Io): Promise<Outcome> {
  const found = readId(await io.node.call('node.id', {}, { repeatable: true }))
  return document(found, factsText([
    ['peer id', found.peerId],
    ['addresses', found.addresses.join('\n')],
    ['web', found.httpAddresses.join('\n')],
  ]))
}
