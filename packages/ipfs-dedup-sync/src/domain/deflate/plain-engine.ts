import { JobAnswerer } from './answer-job.ts'
import { crewEngine } from './crew-engine.ts'
import type { DeflateEngine } from './deflate-engine.ts'
import type { DeflateCrew } from './deflate-job.ts'
import type { NewDeflateKernel } from './deflate-kernel.ts'

/** The engine in the caller's own thread, a step at a time: it holds no thread up for longer than a step takes. */
export function plainEngine (newKernel: NewDeflateKernel): DeflateEngine {
  const answerer = new JobAnswerer(newKernel)
  const ask: DeflateCrew['ask'] = async job => answerer.answer(job)
  let streams = 0
  return crewEngine({ ahead: 1, ask, pick: () => ({ id: streams++, ask }), async [Symbol.asyncDispose] () {} })
}
