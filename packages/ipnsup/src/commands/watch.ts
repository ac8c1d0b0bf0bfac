import { stripControl } from '@ipkit/core/cli/strip-control'
import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { codeOf } from '@ipkit/core/errors/code-of'
import { callIpnsup, ipnsupRpc, listIpnsup, type WatchItem } from '../rpc.ts'
import { findName } from './find-name.ts'
import { isoTime, recordJson, untilText } from './record-json.ts'

/** `ipnsup watch <name>`: the record that holds now, then each change, until ^C. */
export async function watch (io: Io, args: { readonly name: string }): Promise<Outcome> {
  const name = await findName(io, args.name)
  if (!await isKnown(io, name)) io.report.note('nothing is known of it yet: it is looked up as soon as somebody is in reach')
  const items = listIpnsup(io.node, ipnsupRpc.watch, { name })
  if (io.flags.json) return list(jsonItems(items), { toText: () => '' })
  return list(items, { toText: text })
}

async function isKnown (io: Io, name: string): Promise<boolean> {
  try {
    await callIpnsup(io.node, ipnsupRpc.record, { name }, { repeatable: true })
    return true
  } catch (e) {
    if (codeOf(e) === 'NAME_UNKNOWN') return false
    throw e
  }
}

async function * jsonItems (items: AsyncIterable<WatchItem>): AsyncGenerator<object> {
  for await (const item of items) yield { name: item.name, ...recordJson(item), expired: item.expired, fork: item.fork, source: item.source, at: isoTime(item.at) }
}

/** A renewal changes nothing but the time. */
function text ({ at, sequence, value, validUntil, fork, source }: WatchItem): string {
  const from = source === 'local' ? '' : `\n  from ${stripControl(source)}`
  return `${isoTime(at).slice(0, 19).replace('T', ' ')} UTC  ${stripControl(value)}\n  sequence ${sequence}, ${untilText(validUntil, at)}${fork ? ', fork' : ''}${from}`
}
