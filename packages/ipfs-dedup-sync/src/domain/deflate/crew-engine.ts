import type { DeflateEngine } from './deflate-engine.ts'
import type { DeflateCrew } from './deflate-job.ts'
import { correctInSteps } from './correct-in-steps.ts'
import { encodeCorrected } from './encode-corrected.ts'
import { encodeInSteps } from './encode-in-steps.ts'

const MAX_WHOLE_BYTES = 1024 * 1024

/** All that an engine does, whoever its crew is. */
export function crewEngine (crew: DeflateCrew): DeflateEngine {
  return {
    async * encode (parameters, text, { signal, corrections } = {}) {
      const given = stoppedBy(text, signal)
      for await (const piece of corrections === undefined ? encodeInSteps(crew, parameters, given) : encodeCorrected(crew, parameters, given, corrections)) {
        signal?.throwIfAborted()
        if (piece.length > 0) yield piece
      }
    },
    async encodeWhole (parameters, text) {
      if (text.length > MAX_WHOLE_BYTES) throw new RangeError(`a text of ${text.length} bytes is not short, the limit is ${MAX_WHOLE_BYTES}`)
      return await crew.ask({ kind: 'jobs', parameters, text, last: true })
    },
    async identify (stream, text, hints, atMost) {
      return await crew.ask({ kind: 'identify', stream, text, hints, atMost })
    },
    async correct (stream, text, { signal } = {}) {
      return await correctInSteps(crew, () => stoppedBy(stream(), signal), () => stoppedBy(text(), signal), signal)
    },
    async [Symbol.asyncDispose] () { await crew[Symbol.asyncDispose]() },
  }
}

async function * stoppedBy (text: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const piece of text) {
    signal?.throwIfAborted()
    yield piece
  }
}
