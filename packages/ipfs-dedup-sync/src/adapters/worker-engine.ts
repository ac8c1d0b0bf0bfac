import { AppError } from '@ipkit/core/errors/app-error'
import { crewEngine } from '../domain/deflate/crew-engine.ts'
import type { DeflateEngine } from '../domain/deflate/deflate-engine.ts'
import type { DeflateAnswer, DeflateAnswers, DeflateJob } from '../domain/deflate/deflate-job.ts'
import { WorkerLane } from './worker-lane.ts'

export interface WorkerEngineDeps {
  readonly workers: number
  /** dist/deflate-worker.js and dist/deflate.wasm */
  readonly workerFile: string
  readonly wasmFile: string
}

/** What a thread answers: the step's answer, or the error of ours that it ended with. */
export interface LaneAnswer {
  readonly answer?: DeflateAnswers[keyof DeflateAnswers]
  readonly refused?: { readonly code: string, readonly message: string }
}

type Lane = WorkerLane<DeflateJob, LaneAnswer>

/**
 * Deflate encoders in worker threads. Several streams may be under way at once: their steps go to whichever thread has least to do. Memory: a stream has at most
 * `workers` + 1 steps of 256 KiB of text in each of two stages, about 8 MB a thread with what it keeps itself.
 */
export function workerEngine ({ workers, workerFile, wasmFile }: WorkerEngineDeps): DeflateEngine {
  const newLane = (): Lane => new WorkerLane<DeflateJob, LaneAnswer>(workerFile, { wasmFile })
  const lanes = Array.from({ length: workers }, newLane)
  const pickLane = (): Lane => {
    for (const [i, lane] of lanes.entries()) if (lane.isBroken) lanes[i] = newLane()
    return lanes.reduce((least, other) => other.load < least.load ? other : least)
  }
  const askLane = async <Job extends DeflateJob>(lane: Lane, job: Job): Promise<DeflateAnswer<Job>> => {
    const { answer, refused } = await lane.ask(job)
    if (refused !== undefined) throw new AppError(refused.code, refused.message)
    return answer as DeflateAnswer<Job>
  }
  let streams = 0
  let stopped = false
  const running = (): void => { if (stopped) throw new Error('the deflate engine was stopped') }
  return crewEngine({
    ahead: workers + 1,
    async ask (job) {
      running()
      return await askLane(pickLane(), job)
    },
    pick () {
      running()
      const lane = pickLane()
      return { id: streams++, ask: async job => await askLane(lane, job) }
    },
    async [Symbol.asyncDispose] () {
      stopped = true
      await Promise.all(lanes.map(async lane => { await lane[Symbol.asyncDispose]() }))
    },
  })
}
