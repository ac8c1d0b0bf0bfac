import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError } from '@ipkit/core/errors/app-error'
import { listSync, syncRpc, type WatchItem } from '../rpc.ts'
import type { SyncCliDeps } from './deps.ts'
import { findWanted } from './find-wanted.ts'
import { movedJson } from './moved-text.ts'
import { outputPlace } from './output-place.ts'
import { tellWarnings } from './tell-warnings.ts'

export interface WatchArgs { readonly name: string, readonly output: string | undefined, readonly from: readonly string[], readonly every: number, readonly overwrite: boolean }

const LEAST_MS = 1000

/** `ipfs-dedup-sync watch <name> -o <path>`: writes the newest version, then each new one, whole, until ^C. */
export async function watch (deps: SyncCliDeps, io: Io, args: WatchArgs): Promise<Outcome> {
  if (args.output === '-') throw new AppError('USAGE', 'a version after the other on standard output could not be told apart', { exit: 'usage', hints: ['name a file: -o FILE'] })
  if (args.every < LEAST_MS) throw new AppError('USAGE', `--every: the least is ${LEAST_MS / 1000}s`, { exit: 'usage' })
  const output = args.output === undefined ? null : outputPlace(deps, io, args.output, args.overwrite)
  const params = { ...await findWanted(deps, io, args.name, args.from), output, everyMs: args.every }
  const items = told(io, listSync(io.node, syncRpc.watch, params, { signal: io.signal, onProgress: event => { io.report.progress(event) } }))
  if (io.flags.json) return list(jsonItems(io, items), { toText: () => '' })
  return list(items, { toText: text })
}

async function * told (io: Io, items: AsyncIterable<WatchItem>): AsyncGenerator<WatchItem> {
  for await (const item of items) {
    tellWarnings(io, item.warnings)
    yield item
  }
}

async function * jsonItems (io: Io, items: AsyncIterable<WatchItem>): AsyncGenerator<object> {
  let sinceMs = io.clock.now()
  for await (const item of items) {
    yield { ...movedJson(item, Math.max(0, item.at - sinceMs)), note: item.note, at: new Date(item.at).toISOString() }
    sinceMs = item.at
  }
}

function text ({ at, version, note, file, root, receivedBytes, sentBytes }: WatchItem): string {
  const lines = [`${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC  version ${version}${note === '' ? '' : `: ${stripControl(note)}`}`]
  lines.push(`  ${stripControl(file ?? root)}, moved ${formatBytes(receivedBytes + sentBytes)}`)
  return lines.join('\n')
}
