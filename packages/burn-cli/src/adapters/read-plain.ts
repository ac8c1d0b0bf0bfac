/** Fetches plain messages over bitswap, each from its own host and as a throw-away peer, asking nobody else. */
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { EphemeralHost, ServiceScope } from '@ipkit/core/daemon/service'
import type { CID } from 'multiformats/cid'
import { openPlain, type OpenedPlain } from '../domain/plain-reading.ts'
import { withPeer } from './dial-sender.ts'

/** Where a plain message is. */
export interface PlainSource { readonly sender: string, readonly addresses: readonly string[] }

export interface PlainReader extends AsyncDisposable {
  /**
   * Claims it. A fetch that was broken off may be made again: it comes as the same peer while the node runs.
   * @throws AppError MESSAGE_GONE, LINK_INCOMPLETE, CONTENT_ALTERED, PEER_*; so does reading its content
   */
  open(root: CID, from: PlainSource, signal: AbortSignal): Promise<OpenedPlain>
}

/** Peers that are kept for a second try. */
const MAX_KEPT = 16
/** A connection that broke, or a sender that was started again. */
const AGAIN = new Set(['PEER_HUNG_UP', 'PEER_UNREACHABLE', 'PEER_REFUSED', 'PEER_SILENT'])
const TRIES = 8
/** For the root: whoever is hung up on while another claims is not let in again, and so finds out. */
const FIRST_TRIES = 2
const PAUSE_MS = 500

export function readPlain (scope: Pick<ServiceScope, 'ephemeralHost' | 'clock'>): PlainReader {
  const hosts = new Map<string, Promise<EphemeralHost>>()
  const drop = async (root: string): Promise<void> => {
    const host = hosts.get(root)
    hosts.delete(root)
    await (await host?.catch(() => undefined))?.[Symbol.asyncDispose]()
  }
  return {
    async open (root, { sender, addresses }, signal) {
      const peer = addresses.map(text => withPeer(text, sender))
      const key = root.toString()
      const opening = hosts.get(key) ?? scope.ephemeralHost({})
      hosts.set(key, opening)
      if (hosts.size > MAX_KEPT) await drop(hosts.keys().next().value!)
      const host = await opening
      let claimed = false
      const get = async (cid: CID): Promise<Uint8Array> => {
        const bytes = claimed ? await ask(host, peer, cid, AGAIN, TRIES, scope, signal) : await askFirst(host, peer, cid, scope, signal)
        if (bytes === undefined) throw gone(claimed)
        claimed = true
        return bytes
      }
      const opened = await openPlain(get, root)
      return { ...opened, content: (async function * () { yield * opened.content; await drop(key) })() }
    },
    async [Symbol.asyncDispose] () { for (const root of [...hosts.keys()]) await drop(root) },
  }
}

/** @returns undefined when the message is not for us, which a host says by taking no connection from us */
async function askFirst (host: EphemeralHost, peer: readonly string[], cid: CID, scope: Pick<ServiceScope, 'clock'>, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await ask(host, peer, cid, new Set(['PEER_HUNG_UP']), FIRST_TRIES, scope, signal)
  } catch (e) {
    if (codeOf(e) !== 'PEER_REFUSED') throw e
    return undefined
  }
}

async function ask (host: EphemeralHost, peer: readonly string[], cid: CID, again: ReadonlySet<string>, tries: number, { clock }: Pick<ServiceScope, 'clock'>, signal: AbortSignal): Promise<Uint8Array | undefined> {
  for (let left = tries - 1; ; left--) {
    try {
      return await host.bitswapGet(peer, cid.toString(), { signal })
    } catch (e) {
      if (codeOf(e) === 'PEER_NO_PROTOCOL') throw new AppError('LINK_INCOMPLETE', 'no plain message is served there', { exit: 'usage', hints: ['if there is a # in the link, copy all that stands after it; in a shell put it in single quotes'], cause: e })
      if (left === 0 || !again.has(codeOf(e) ?? '')) throw e
      await clock.sleep(PAUSE_MS, signal)
    }
  }
}

const gone = (claimed: boolean): AppError => claimed
  ? new AppError('MESSAGE_GONE', 'the sender gives no more of the message: it was taken back, or its time was over', { exit: 'notFound' })
  : new AppError('MESSAGE_GONE', 'the message is not to be had: another client has asked for it first, or it is over', { exit: 'notFound' })
