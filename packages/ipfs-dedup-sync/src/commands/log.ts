import { formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { listSync, syncRpc, type LogItem } from '../rpc.ts'
import { hexOf } from './added-text.ts'
import type { SyncCliDeps } from './deps.ts'
import { findWanted } from './find-wanted.ts'

/** `ipfs-dedup-sync log <name>`: its versions, the newest first. */
export async function log (deps: SyncCliDeps, io: Io, args: { readonly name: string, readonly from: readonly string[] }): Promise<Outcome> {
  const items = listSync(io.node, syncRpc.log, await findWanted(deps, io, args.name, args.from), { repeatable: true, signal: io.signal })
  if (io.flags.json) return list(jsonItems(items), { toText: () => '' })
  return list(items, { toText: text })
}

async function * jsonItems (items: AsyncIterable<LogItem>): AsyncGenerator<object> {
  for await (const { version, root, parent, at, note, sizeBytes, newBytes, commit, author, file, sha256, kept, name } of items) {
    yield { version, root, parent, at: new Date(at).toISOString(), note, sizeBytes, newBytes, commit, author, file, sha256: sha256 === null ? null : hexOf(sha256), kept, name }
  }
}

function text ({ version, at, note, root, sizeBytes, newBytes, file, kept }: LogItem): string {
  return [
    `${version}  ${formatTime(at)}${note === '' ? '' : `  ${stripControl(note)}`}`,
    `   ${root}`,
    `   ${file === null ? '' : `${stripControl(file)}, `}${formatBytes(sizeBytes)}, ${formatBytes(newBytes)} new${kept ? '' : ', not here'}`,
  ].join('\n')
}
