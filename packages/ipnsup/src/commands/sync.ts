import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import type { ExitName } from '@ipkit/core/errors/exit-codes'
import { ipnsupRpc, listIpnsup, type SyncItem } from '../rpc.ts'
import type { IpnsupDeps } from './deps.ts'
import { findPlaces } from './find-places.ts'

/** `ipnsup sync [<peer|url>…]`: hands over what waits and fetches what is newer, now. */
export async function sync (deps: IpnsupDeps, io: Io, args: { readonly places: readonly string[] }): Promise<Outcome> {
  const tally = { done: 0, failed: 0 }
  const items = counted(listIpnsup(io.node, ipnsupRpc.sync, { places: await findPlaces(deps, io, args.places) }), tally)
  const exit = (): ExitName => tally.failed === 0 ? 'ok' : tally.done > 0 ? 'partial' : 'unreachable'
  return list(items, { toText: text, exit, emptyText: 'nobody is in reach: what waits is handed over as soon as somebody is' })
}

async function * counted (items: AsyncIterable<SyncItem>, tally: { done: number, failed: number }): AsyncGenerator<SyncItem> {
  for await (const item of items) {
    if (item.error === null) tally.done++
    else tally.failed++
    yield item
  }
}

const FETCHED: Readonly<Record<NonNullable<SyncItem['fetched']>, string>> = { newer: 'gave a newer record', same: 'has the same record', older: 'has an older record', nothing: 'has no record' }

/** With a newer record fetched, that ours is there is no news. */
function text ({ place, name, handedOver, fetched, error }: SyncItem): string {
  if (name === null && error === null) return `${stripControl(place)}: not asked: nothing is published or followed here`
  const did = handedOver && fetched !== 'newer' ? 'has our record' : fetched === null ? 'there was nothing to do' : FETCHED[fetched]
  return `${stripControl(place)}: ${error === null ? did : stripControl(error.message)}${name === null ? '' : `\n  ${name}`}`
}
