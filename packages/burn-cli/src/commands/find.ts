import type { Io } from '@ipkit/core/cli/io'
import { list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { tableText } from '@ipkit/core/cli/table'
import type { ExitName } from '@ipkit/core/errors/exit-codes'
import { AppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { parseLink } from '@ipkit/core/link/content-link'
import { formatPeerAddress, parsePeerAddress } from '@ipkit/core/link/peer-address'
import { burnRpc, listBurn, type FindItem } from '../rpc.ts'
import { bareLink, linkText } from './read-link.ts'

const DEFAULT_PORT = 4101

export interface FindArgs { readonly content: string, readonly addresses: readonly string[] }

/** `burn find`: who of exactly these addresses has the content. Nobody else is asked, and no secret of a link leaves this process. */
export async function find (io: Io, args: FindArgs): Promise<Outcome> {
  const addresses = args.addresses.map(text => formatPeerAddress(parsePeerAddress(text, { defaultPort: DEFAULT_PORT })))
  const tally = { having: 0, without: 0 }
  const items = counted(listBurn(io.node, burnRpc.find, { cid: await wantedCid(io, args.content), addresses }, { signal: io.signal }), tally)
  const exit = (): ExitName => tally.having > 0 ? 'ok' : tally.without > 0 ? 'notFound' : 'unreachable'
  return list(items, { header: columns.header, toText: rowText, exit })
}

async function wantedCid (io: Io, content: string): Promise<string> {
  const text = content === '-' ? await linkText(io) : bareLink(content)
  if (text.startsWith('ipfs://')) return parseLink(text).cid
  if (isCanonicalCid(text)) return text
  throw new AppError('CID_INVALID', 'what is looked for is neither a CID nor a link', { exit: 'usage', hints: ['a CID begins with b (or Qm), a link with ipfs://'] })
}

async function * counted (items: AsyncIterable<FindItem>, tally: { having: number, without: number }): AsyncGenerator<FindItem> {
  for await (const item of items) {
    if (item.has === true) tally.having++
    else if (item.has === false) tally.without++
    yield item
  }
}

const columns = tableText([{ title: 'ANSWER', width: 14 }, { title: 'TIME', width: 8, align: 'right' }, { title: 'ADDRESS', width: 40 }])

function rowText (item: FindItem): string {
  const answer = item.has === null ? 'unreachable' : item.has ? 'has it' : 'does not'
  const row = columns.row([answer, `${item.ms} ms`, item.address])
  return item.error === undefined ? row : `${row}\n  ${stripControl(item.error.message)}`
}
