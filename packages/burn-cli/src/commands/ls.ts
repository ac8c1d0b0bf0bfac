import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { burnRpc, listBurn, type MessageItem } from '../rpc.ts'
import { messageHeader, messageJson, messageRow } from './message-json.ts'

/** `burn ls`: the messages of this sender, oldest first. */
export async function ls (io: Io): Promise<Outcome> {
  const items = listBurn(io.node, burnRpc.list, {}, { repeatable: true })
  if (io.flags.json) return list(jsonItems(items), { toText: () => '' })
  return list(items, { header: messageHeader, toText: messageRow, emptyText: 'no messages' })
}

async function * jsonItems (items: AsyncIterable<MessageItem>): AsyncGenerator<object> {
  for await (const item of items) yield messageJson(item)
}
