import { AppError } from '../errors/app-error.ts'
import { messageOf } from '../errors/code-of.ts'
import { array, check, string } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import { askKuboApi } from './kubo-api.ts'
import type { NodeNetwork } from './node-parts.ts'
import type { ServiceLog } from './service.ts'

const MAX_ANSWER_BYTES = 256 * 1024
const ASK_TIMEOUT_MS = 5_000
const LOOK_AGAIN_MS = 60_000

export interface JoinKuboInput {
  /** Where Kubo says its API is, now; undefined while none is known. */
  readonly findApi: () => string | undefined
  readonly network: Pick<NodeNetwork, 'peers' | 'connect'>
  readonly clock: Clock
  readonly log: ServiceLog
  readonly signal: AbortSignal
}

/** Keeps a connection to this machine's Kubo, so that content flows both ways (config `kubo`). Resolves when the signal aborts. */
export async function joinKubo ({ findApi, network, clock, log, signal }: JoinKuboInput): Promise<void> {
  let said = ''
  while (!signal.aborted) {
    let outcome
    try {
      const api = findApi()
      outcome = api === undefined ? 'no running Kubo was found' : await join(api, network, signal)
    } catch (e) {
      outcome = `Kubo could not be joined: ${messageOf(e)}`
    }
    if (outcome !== said && !signal.aborted) log.info(outcome)
    said = outcome
    await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => {})
  }
}

async function join (api: string, network: JoinKuboInput['network'], signal: AbortSignal): Promise<string> {
  const { peerId, addresses } = await askKubo(api, signal)
  if (!network.peers().some(p => p.peerId === peerId)) await network.connect(addresses, signal)
  return `connected to Kubo ${peerId}`
}

/** Kubo's own peer id and its plain TCP addresses. @param api multiaddr, `/ip4/127.0.0.1/tcp/5001` @throws AppError KUBO_UNREACHABLE */
export async function askKubo (api: string, signal: AbortSignal): Promise<{ peerId: string, addresses: string[] }> {
  const answer = new TextDecoder().decode(await askKuboApi(api, { call: 'id', maxBytes: MAX_ANSWER_BYTES, silenceMs: ASK_TIMEOUT_MS, signal }))
  const { ID, Addresses } = JSON.parse(answer) as { ID?: unknown, Addresses?: unknown } // it says more than we need
  const peerId = check(string({ min: 1, max: 128 }), ID, 'ID', 'KUBO_UNREACHABLE')
  const all = check(array(string({ max: 1024 }), { max: 256 }), Addresses ?? [], 'Addresses', 'KUBO_UNREACHABLE')
  const addresses = all.filter(a => /^\/ip[46]\/[^/]+\/tcp\/\d+\/p2p\/[^/]+$/.test(a)).slice(0, 16)
  if (addresses.length === 0) throw new AppError('KUBO_UNREACHABLE', 'it listens on no TCP address', { exit: 'unreachable' })
  return { peerId, addresses }
}
