/** Blocks and names from a daemon on this machine: that of an installed Kubo or js-ipfs, or any other whose repo is known. */
import { noticeKubo } from '@ipkit/core/daemon/choose-node'
import { askKuboApi } from '@ipkit/core/daemon/kubo-api'
import { MAX_BLOCK_BYTES } from '@ipkit/core/blocks/block-store'
import { isAppError } from '@ipkit/core/errors/app-error'
import { answer, check, string } from '@ipkit/core/schema/schema'
import type { BlockSource } from '../domain/block-source.ts'
import { BLOCK_SILENCE_MS, DAEMON_HELLO_MS, DAEMON_RESOLVE_MS } from '../domain/ipfs-limits.ts'

/** The bytes of its blocks are as it says: whoever asks checks them. */
export interface DaemonBlocks extends BlockSource {
  /** @param path `/ipns/…` @returns `/ipfs/<CID>` @throws AppError KUBO_UNREACHABLE, KUBO_ANSWER_INVALID; the signal's reason */
  resolve(path: string, signal: AbortSignal): Promise<string>
}

const MAX_ANSWER_BYTES = 64 * 1024
const RESOLVED = answer({ Path: string({ min: 1, max: 1024 }) })

/**
 * @param repos folders in which a daemon would have left its address, in a file `api`, the preferred first
 * @returns undefined: no daemon of them answers, or lets us ask; a file that is there proves nothing
 */
export async function findDaemon (repos: readonly string[], signal: AbortSignal): Promise<DaemonBlocks | undefined> {
  for (const repo of repos) {
    const api = noticeKubo({ IPFS_PATH: repo }, undefined)?.api
    if (api === undefined) continue
    try {
      await askKuboApi(api, { call: 'version', maxBytes: MAX_ANSWER_BYTES, silenceMs: DAEMON_HELLO_MS, limitMs: DAEMON_HELLO_MS, signal })
      return daemonBlocks(api)
    } catch (e) {
      signal.throwIfAborted()
      if (!isAppError(e)) throw e
    }
  }
  return undefined
}

/** @param api as `askKuboApi` takes it */
export function daemonBlocks (api: string): DaemonBlocks {
  return {
    name: `the daemon at ${api}`,
    get: async (cid, signal) => await askKuboApi(api, { call: `block/get?arg=${encodeURIComponent(cid)}`, maxBytes: MAX_BLOCK_BYTES, silenceMs: BLOCK_SILENCE_MS, signal }),
    async resolve (path, signal) {
      const text = new TextDecoder().decode(await askKuboApi(api, { call: `resolve?arg=${encodeURIComponent(path)}`, maxBytes: MAX_ANSWER_BYTES, silenceMs: DAEMON_RESOLVE_MS, limitMs: DAEMON_RESOLVE_MS, signal }))
      return check(RESOLVED, parseJson(text), 'its answer', 'KUBO_ANSWER_INVALID').Path
    },
  }
}

function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // what it is instead is said by the check
  }
}
