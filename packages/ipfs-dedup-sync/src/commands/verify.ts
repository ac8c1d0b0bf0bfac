import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { listSync, syncRpc, type VerifyItem } from '../rpc.ts'
import { checkTarget } from './check-target.ts'

/** `ipfs-dedup-sync verify [<root>]`: reads every block, and gives back each file to compare its hash. Exit 8 when something is not as it was. */
export async function verify (io: Io, args: { readonly what: string | undefined, readonly repair: boolean }): Promise<Outcome> {
  const tally = { bad: 0, damaged: 0 }
  const items = counted(listSync(io.node, syncRpc.verify, { target: args.what === undefined ? null : checkTarget(args.what), repair: args.repair }, { signal: io.signal, onProgress: event => { io.report.progress(event) } }), tally, () => {
    if (tally.damaged > 0) io.report.note(args.repair ? 'what is damaged was forgotten: pull it again, or add the file again' : "'ipfs-dedup-sync verify --repair' forgets what is damaged; then pull it again, or add the file again")
  })
  return list(items, { toText: text, emptyText: 'nothing is kept', exit: () => tally.bad > 0 ? 'refused' : 'ok' })
}

async function * counted (items: AsyncIterable<VerifyItem>, tally: { bad: number, damaged: number }, atEnd: () => void): AsyncGenerator<VerifyItem> {
  for await (const item of items) {
    if (!item.restores) tally.bad++
    tally.damaged += item.damaged
    yield item
  }
  atEnd()
}

function text ({ root, file, blocks, bytes, damaged, restores, error }: VerifyItem): string {
  const why = error === null ? '' : `: ${stripControl(error.message)}`
  const state = restores ? `whole: ${blocks} block${blocks === 1 ? '' : 's'}, ${formatBytes(bytes)}` : damaged > 0 ? `${damaged} of ${blocks} blocks ${damaged === 1 ? 'is not as it was' : 'are not as they were'}` : `cannot be given back${why}`
  return `${root}${file === null ? '' : `  ${stripControl(file)}`}\n  ${state}`
}
