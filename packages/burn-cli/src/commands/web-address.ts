/** Where a browser finds the sender's page, and what its user should know about that. */
import type { Io } from '@ipkit/core/cli/io'
import { AppError } from '@ipkit/core/errors/app-error'
import type { LinkAddress } from '@ipkit/core/link/content-link'
import { reachOf } from '../domain/reach.ts'
import { burnRpc, callBurn } from '../rpc.ts'

/** The URL that most readers can reach; of the addresses in the link when it can be. @throws AppError NO_WEB_ADDRESS */
export async function webBaseUrl (io: Io, addresses: readonly LinkAddress[]): Promise<string> {
  const { urls } = await callBurn(io.node, burnRpc.webUrls, {})
  const order = ['public', 'lan', 'vpn', 'loopback']
  const rank = (url: string): number => {
    const ip = new URL(url).hostname.replace(/^\[|\]$/g, '')
    return addresses.some(a => a.relay === undefined && a.ip === ip) ? -1 : order.indexOf(reachOf(ip))
  }
  const [best] = [...urls].sort((a, b) => rank(a) - rank(b))
  if (best === undefined) throw new AppError('NO_WEB_ADDRESS', 'the node serves no web page', { exit: 'failed', hints: ["see where it should: 'ipkit config get httpListen'"] })
  return best
}

export function warnAboutWeb (io: Io, webLink: string): void {
  if (webLink.startsWith('https:')) return
  io.report.warn('PLAIN_HTTP', 'the web link is plain HTTP: who can alter the traffic can read it')
  io.report.note('for HTTPS: a reverse proxy, and its name in the setting httpNames')
}
