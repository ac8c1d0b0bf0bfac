import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { callSync, syncRpc } from '../rpc.ts'
import type { SyncCliDeps } from './deps.ts'
import { checkTarget } from './check-target.ts'
import { movedJson, movedText } from './moved-text.ts'
import { tellWarnings } from './tell-warnings.ts'

/** `ipfs-dedup-sync push <root|name> <peer>`: has a peer fetch it from here; it takes that from peers that it allows by name. */
export async function push (deps: SyncCliDeps, io: Io, args: { readonly source: string, readonly peer: string }): Promise<Outcome> {
  const startMs = io.clock.now()
  const to = [...await deps.addressesOf(io, args.peer)]
  const moved = await callSync(io.node, syncRpc.push, { target: checkTarget(args.source), to }, { signal: io.signal, onProgress: event => { io.report.progress(event) } })
  tellWarnings(io, moved.warnings)
  const ms = io.clock.now() - startMs
  return document({ ...movedJson(moved, ms), peer: args.peer }, movedText(moved, ms))
}
