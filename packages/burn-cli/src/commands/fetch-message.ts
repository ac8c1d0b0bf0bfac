import type { Io } from '@ipkit/core/cli/io'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { NodeTarget } from '../domain/incoming-message.ts'
import { burnRpc, callBurn, type FetchResult } from '../rpc.ts'

/** A connection that broke, rather than a sender that is not there. */
const BROKEN = new Set(['PEER_HUNG_UP', 'TIMED_OUT'])
const PAUSE_MS = 500

/**
 * Brings the message here. A connection that breaks off is made again as long as each one brings something: a long transfer
 * over a bad line needs no help.
 * @throws AppError of a refusal, PEER_UNREACHABLE, CONTENT_ALTERED, DISK_FULL
 */
export async function fetchMessage (io: Io, target: NodeTarget): Promise<FetchResult> {
  for (let before = 0; ;) {
    let doneBytes = before
    try {
      return await callBurn(io.node, burnRpc.fetch, target, {
        signal: io.signal,
        onProgress (event) {
          doneBytes = event.doneBytes ?? doneBytes
          io.report.progress(event)
        },
      })
    } catch (e) {
      if (!BROKEN.has(codeOf(e) ?? '') || doneBytes <= before) throw e
      before = doneBytes
      io.report.progress({ step: 'the connection broke off, connecting again' })
      await io.clock.sleep(PAUSE_MS, io.signal)
    }
  }
}
