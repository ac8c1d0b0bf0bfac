import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { burnRpc, callBurn } from '../rpc.ts'
import { messageIdOf } from './find-message.ts'
import { auditJson, auditText, messageFacts, messageJson } from './message-json.ts'

/** `burn status <id>`: one message, and what happened to it. */
export async function status (io: Io, args: { readonly id: string }): Promise<Outcome> {
  const { message, audit } = await callBurn(io.node, burnRpc.status, { id: await messageIdOf(io, args.id) }, { repeatable: true })
  return document({ ...messageJson(message), audit: audit.map(auditJson) }, [messageFacts(message, io.clock.now()), '', ...audit.map(auditText)].join('\n'))
}
