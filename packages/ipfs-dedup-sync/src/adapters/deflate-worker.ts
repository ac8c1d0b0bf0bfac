// A worker thread of `workerEngine`: does the steps of encoders and answers in order.
import { parentPort, workerData } from 'node:worker_threads'
import { isAppError } from '@ipkit/core/errors/app-error'
import { JobAnswerer } from '../domain/deflate/answer-job.ts'
import type { DeflateJob } from '../domain/deflate/deflate-job.ts'
import type { LaneAnswer } from './worker-engine.ts'
import { loadDeflateKernel } from './load-deflate-kernel.ts'
import { youngGarbage } from './young-garbage.ts'

const { wasmFile } = workerData as { readonly wasmFile: string }
const port = parentPort!
const answerer = loadDeflateKernel(wasmFile).then(newKernel => new JobAnswerer(newKernel))

/** About eight steps: each is given a text or its tokens, and makes as much again. */
const madeBuffers = youngGarbage(4 * 1024 * 1024)
const STEP_BYTES = 512 * 1024

let broken = false

port.on('message', (job: DeflateJob) => {
  answerer.then(ready => { if (!broken) answerJob(ready, job) }).catch(breakThread)
})

function answerJob (ready: JobAnswerer, job: DeflateJob): void {
  try {
    const answer = answerOrRefuse(ready, job)
    port.postMessage(answer, buffersOf(answer))
    madeBuffers(STEP_BYTES)
  } catch (error) { breakThread(error) }
}

/** Nothing more is answered: it would be taken for the answer to the job that broke it. */
function breakThread (error: unknown): void {
  broken = true
  setImmediate(() => { throw error })
}

function answerOrRefuse (answerer: JobAnswerer, job: DeflateJob): LaneAnswer {
  try {
    return { answer: answerer.answer(job) }
  } catch (error) {
    if (isAppError(error)) return { refused: { code: error.code, message: error.message } }
    throw error
  }
}

/** They go over without being copied. */
function buffersOf ({ answer }: LaneAnswer): ArrayBuffer[] {
  const parts = Array.isArray(answer) ? answer : [answer]
  return parts.flatMap(part => {
    const of = part as { readonly buffer?: unknown, readonly tokens?: Uint32Array, readonly bytes?: Uint8Array } | undefined
    const found = [of?.buffer, of?.tokens?.buffer, of?.bytes?.buffer]
    return found.filter(buffer => buffer instanceof ArrayBuffer)
  })
}
