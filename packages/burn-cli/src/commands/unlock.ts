import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { burnRpc, callBurn } from '../rpc.ts'
import { messageIdOf } from './find-message.ts'
import { messageJson } from './message-json.ts'

/** `burn unlock <id>`: forgets wrong passphrases, so that readers may try again at once. */
export async function unlock (io: Io, args: { readonly id: string }): Promise<Outcome> {
  const message = await callBurn(io.node, burnRpc.unlock, { id: await messageIdOf(io, args.id) })
  return document(messageJson(message), `unlocked ${message.id}`)
}
