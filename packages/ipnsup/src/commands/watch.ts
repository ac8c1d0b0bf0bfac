import { stripControl } from '@ipkit/core/cli/strip-control'
import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { ipnsupRpc, listIpnsup, type WatchItem } from '../rpc.ts'
import { findName } from './find-name.ts'
import { isoTime, recordJson } from './record-json.ts'

/** `ipnsup watch <name>`: the record that holds now, then each change, until ^C. */
export async function watch (io: Io, args: { readonly name: string }): Promise<Outcome> {
  const items = listIpnsup(io.node, ipnsupRpc.watch, { name: await findName(io, args.name) })
  if (io.flags.json) return list(jsonItems(items), { toText: () => '' })
  return list(items, { toText: text })
}

async function * jsonItems (items: AsyncIterable<WatchItem>): AsyncGenerator<object> {
  for await (const item of items) yield { name: item.name, ...recordJson(item), expired: item.expired, fork: item.fork, source: item.source, at: isoTime(item.at) }
}

function text ({ at, sequence, value, expired, fork, source }: WatchItem): string {
  const state = [...expired ? ['expired'] : [], ...fork ? ['fork'] : [], ...source === 'local' ? [] : [`from ${stripControl(source)}`]].join(', ')
  return `${isoTime(at).slice(0, 19).replace('T', ' ')} UTC  ${stripControl(value)}\n  sequence ${sequence}${state === '' ? '' : `, ${state}`}`
}
