import { noticeKubo } from '@ipkit/core/daemon/choose-node'
import { askKuboApi } from '@ipkit/core/daemon/kubo-api'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { API_MS } from '../domain/install-limits.ts'

/**
 * Whether a daemon answers where the repo's file `api` says; the file lies after a crash. One that wants to know who asks counts, and one that
 * takes the call and says nothing; another program that got its port does not.
 * @returns the address; undefined: none
 */
export async function daemonOf (repo: string, signal = new AbortController().signal): Promise<string | undefined> {
  const api = noticeKubo({ IPFS_PATH: repo }, undefined)?.api
  if (api === undefined) return undefined
  // A daemon that listens everywhere says so; that is no address to call.
  const address = api.replace(/^\/ip4\/0\.0\.0\.0\//, '/ip4/127.0.0.1/').replace(/^\/ip6\/::\//, '/ip6/::1/')
  try {
    const answer = await askKuboApi(address, { call: 'version', maxBytes: 64 * 1024, silenceMs: API_MS, limitMs: API_MS, signal })
    return new TextDecoder().decode(answer).includes('"Version"') ? api : undefined
  } catch (e) {
    if (codeOf(e) !== 'KUBO_UNREACHABLE') throw e
    return /^(?:status 40[13]\b|nothing for |no whole answer )/.test(messageOf((e as { cause?: unknown }).cause)) ? api : undefined
  }
}
