/** `ipfs-dedup-sync allow|deny <peer|anyone> [<name|root>]`: who may have what is served. */
import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { callSync, syncRpc, type RuleState } from '../rpc.ts'
import type { SyncCliDeps } from './deps.ts'
import { checkTarget } from './check-target.ts'
import { ruleText } from './rule-text.ts'

export interface AllowArgs { readonly peer: string, readonly what: string | undefined }

const ANYONE = 'anyone'

export async function allow (deps: SyncCliDeps, io: Io, args: AllowArgs): Promise<Outcome> {
  return outcome(await callSync(io.node, syncRpc.allow, await params(deps, io, args)))
}

export async function deny (deps: SyncCliDeps, io: Io, args: AllowArgs): Promise<Outcome> {
  return outcome(await callSync(io.node, syncRpc.deny, await params(deps, io, args)))
}

async function params (deps: SyncCliDeps, io: Io, { peer, what }: AllowArgs): Promise<{ peer: string | null, target: string | null }> {
  const target = what === undefined ? null : checkTarget(what)
  if (peer === ANYONE) return { peer: null, target }
  const peerId = await deps.peerIdOf(io, peer)
  if (peerId === undefined) throw new AppError('ADDRESS_INVALID', `'${peer.slice(0, 120)}' does not say which peer answers there`, { exit: 'usage', hints: ['who may have something is told by peer id: an address ends in /p2p/<peer id>'] })
  return { peer: peerId, target }
}

function outcome ({ scope, open, allowed, denied }: RuleState): Outcome {
  const what = scope === '*' ? 'what is served' : scope
  return document({ scope, open, allowed, denied }, `${what}: ${ruleText({ open, allowed, denied })}`)
}
