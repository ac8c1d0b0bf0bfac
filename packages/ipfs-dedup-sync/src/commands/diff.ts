import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { formatBytes } from '@ipkit/core/cli/size'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { listSync, syncRpc, type DiffItem } from '../rpc.ts'
import { checkTarget } from './check-target.ts'

const SHOWN_RANGES = 5

/** `ipfs-dedup-sync diff <a> <b>`: which members differ, and where in them. */
export async function diff (io: Io, args: { readonly a: string, readonly b: string }): Promise<Outcome> {
  const items = listSync(io.node, syncRpc.diff, { a: checkTarget(args.a), b: checkTarget(args.b) }, { repeatable: true, signal: io.signal, onProgress: event => { io.report.progress(event) } })
  return list(items, { toText: text, emptyText: 'no difference' })
}

const SIGNS: Readonly<Record<DiffItem['change'], string>> = { added: '+', removed: '-', changed: '~' }

function text ({ member, change, ranges, changedBytes }: DiffItem): string {
  const head = `${SIGNS[change]} ${member === '' ? '(the file itself)' : stripControl(member)}`
  if (change !== 'changed') return `${head}  ${formatBytes(changedBytes)}`
  if (ranges.length === 0) return `${head}\n    only what is told of it: a time, an owner, a mode`
  if (changedBytes === 0) return `${head}\n    bytes are gone at ${ranges.slice(0, SHOWN_RANGES).map(({ start }) => start).join(', ')}${moreText(ranges.length)}`
  const shown = ranges.slice(0, SHOWN_RANGES).map(({ start, end }) => `${start}-${end}`).join(', ')
  return `${head}\n    ${formatBytes(changedBytes)} at ${shown}${moreText(ranges.length)}`
}

const moreText = (places: number): string => places > SHOWN_RANGES ? ` and ${places - SHOWN_RANGES} more places` : ''
