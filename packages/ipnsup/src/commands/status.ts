import { formatTime } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { ipnsupRpc, listIpnsup, type NameItem } from '../rpc.ts'
import { findName } from './find-name.ts'
import { forkText, isoOrNull, placeJson, placesText, recordJson, untilText, untilThenText } from './record-json.ts'

/** `ipnsup status [<name>]`: own names, followed ones, then the others that are remembered. */
export async function status (io: Io, args: { readonly name: string | undefined }): Promise<Outcome> {
  const name = args.name === undefined ? null : await findName(io, args.name)
  const items = listIpnsup(io.node, ipnsupRpc.names, { name }, { repeatable: true })
  if (io.flags.json) return list(jsonItems(items), { toText: () => '' })
  return list(items, { toText: item => statusText(item, io.clock.now()), emptyText: "nothing is published, followed or remembered here; publish with 'ipnsup publish'" })
}

async function * jsonItems (items: AsyncIterable<NameItem>): AsyncGenerator<object> {
  for await (const item of items) yield statusJson(item)
}

interface WithRecord { readonly value: string, readonly sequence: string, readonly validUntil: string, readonly ttlNs: string, readonly lastSeenAt: number }
/** Not of a name that is followed and not known yet. */
const hasRecord = (item: NameItem): item is NameItem & WithRecord => item.validUntil !== null

const isForked = (item: NameItem): boolean => item.values.length > 1 || item.moreBranches

const statusJson = (item: NameItem): object => ({
  name: item.name,
  key: item.key,
  followed: item.followed,
  ...hasRecord(item) ? recordJson(item) : { value: null, sequence: null, validUntil: null, ttlMs: null },
  expired: item.expired,
  state: item.state,
  places: item.places.map(placeJson),
  fork: isForked(item),
  values: item.values,
  firstSeenAt: isoOrNull(item.firstSeenAt),
  lastSeenAt: isoOrNull(item.lastSeenAt),
  nextRepublishAt: isoOrNull(item.nextRepublishAt),
})

function statusText (item: NameItem, nowMs: number): string {
  const role = [...item.key === null ? [] : [`key ${item.key}`], ...item.followed ? ['followed'] : []].join(', ')
  const head = `${item.name}${role === '' ? '' : `  (${role})`}`
  if (!hasRecord(item)) return `${head}\n  nothing is known of it yet; looked up as soon as somebody is in reach`
  const seen = `last seen ${formatTime(item.lastSeenAt)}`
  const lines = [
    head,
    `names ${stripControl(item.value)}`,
    `sequence ${item.sequence}, ${untilText(item.validUntil, nowMs)}`,
    item.state === null ? seen : placesText(item.state, item.places),
    ...isForked(item) ? [`fork: ${forkText(item.values, item.moreBranches)}${item.key === null ? '' : '; the next publish heals it'}`] : [],
    ...item.nextRepublishAt === null ? [] : [item.nextRepublishAt > nowMs ? `kept alive: next time in ${untilThenText(item.nextRepublishAt - nowMs)}` : 'kept alive: next time as soon as it can'],
  ]
  return lines.join('\n  ')
}
