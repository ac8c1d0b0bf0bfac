import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { AppError } from '@ipkit/core/errors/app-error'
import { callSync, syncRpc, type Moved } from '../rpc.ts'
import type { SyncCliDeps } from './deps.ts'
import { findWanted } from './find-wanted.ts'
import { movedJson, movedText } from './moved-text.ts'
import { outputPlace } from './output-place.ts'
import { tellWarnings } from './tell-warnings.ts'

export interface PullArgs {
  readonly source: string
  readonly output: string | undefined
  readonly from: readonly string[]
  readonly dryRun: boolean
  readonly overwrite: boolean
}

/** `ipfs-dedup-sync pull <root|link|name[@version]>`: fetches what is not here, and gives it back byte by byte. */
export async function pull (deps: SyncCliDeps, io: Io, args: PullArgs): Promise<Outcome> {
  const toStdout = args.output === '-'
  if (args.dryRun && toStdout) throw new AppError('USAGE', '--dry-run fetches nothing that could be printed', { exit: 'usage', hints: ['leave -o out'] })
  if (toStdout && io.flags.json) throw new AppError('USAGE', '-o - and --json both want standard output', { exit: 'usage', hints: ['name a file: -o FILE'] })
  const output = args.output === undefined || toStdout ? null : outputPlace(deps, io, args.output, args.overwrite)
  const startMs = io.clock.now()
  const moved = await callSync(io.node, syncRpc.pull, { ...await findWanted(deps, io, args.source, args.from), output, dryRun: args.dryRun }, { signal: io.signal, onProgress: event => { io.report.progress(event) } })
  tellWarnings(io, moved.warnings)
  if (toStdout) return { kind: 'bytes', showable: true, source: io.node.bytes(syncRpc.content.method, { root: moved.root }, { signal: io.signal }) }
  const ms = io.clock.now() - startMs
  if (args.dryRun) return document({ ...movedJson(moved, ms), dryRun: true }, dryText(moved))
  if (moved.file === null) io.report.note(`kept, and written nowhere; '-o FILE' writes it: ipfs-dedup-sync pull ${moved.root} -o FILE`)
  return document(movedJson(moved, ms), movedText(moved, ms))
}

function dryText (moved: Moved): string {
  const { expectedBytes, root } = moved
  return [root, expectedBytes === null || expectedBytes === 0 ? '  all of it is here: nothing would be fetched' : `  about ${formatBytes(expectedBytes)} would be fetched`].join('\n')
}
