import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import type { NewDeflateKernel, DeflateKernel } from './deflate-kernel.ts'
import type { DeflateAnswer, DeflateAnswers, DeflateJob, FoundTokens, WrittenRun } from './deflate-job.ts'
import { identify } from './identify.ts'
import { BitJoiner } from './join-bits.ts'
import { joinTokens } from './join-tokens.ts'
import { openEncoder, type DeflateEncoder } from './open-encoder.ts'
import { SegmentSearch } from './search-segment.ts'
import { writeBlock } from './write-block.ts'
import { correctTokens, restoreTokens } from './predict-segment.ts'
import { modelWrites, writeGivenBlock } from './write-given-block.ts'

interface OpenStream { readonly encoder: DeflateEncoder, readonly kernel: DeflateKernel }

/** Does steps one after the other. It keeps a kernel for those that say all, and one for each stream that is open. */
export class JobAnswerer {
  readonly #newKernel: NewDeflateKernel
  readonly #kernel: DeflateKernel
  readonly #streams = new Map<number, OpenStream>()
  readonly #idle: DeflateKernel[] = []
  #predicting: DeflateKernel | undefined

  constructor (newKernel: NewDeflateKernel) {
    this.#newKernel = newKernel
    this.#kernel = newKernel()
  }

  /** @throws AppError DEFLATE_INVALID when `identify` gets no deflate stream */
  answer<Job extends DeflateJob> (job: Job): DeflateAnswer<Job> {
    return this.#answer(job) as DeflateAnswer<Job>
  }

  #answer (job: DeflateJob): DeflateAnswers[keyof DeflateAnswers] {
    switch (job.kind) {
      case 'search': return this.#search(job)
      case 'write': return this.#write(job)
      case 'jobs': return this.#jobs(job)
      case 'stream': return this.#stream(job)
      case 'drop': return this.#drop(job.id)
      case 'models': return modelWrites(this.#kernel, job.family, job.block)
      case 'correct': return correctTokens(this.#predictor(), job.parameters, job.part, job.begin, job.tokens)
      case 'restore': return restoreTokens(this.#predictor(), job.parameters, job.part, job.begin, job.corrections)
      case 'identify': {
        const found = []
        for (const { parameters } of identify(this.#newKernel, job.stream, job.text, job.hints)) if (found.push(parameters) >= job.atMost) break
        return found
      }
    }
  }

  /** One that holds what predictions need, once there was one. */
  #predictor (): DeflateKernel {
    this.#predicting ??= this.#newKernel()
    return this.#predicting
  }

  #search ({ parameters, plan, text, last }: DeflateJob & { kind: 'search' }): FoundTokens {
    const search = new SegmentSearch(() => this.#kernel, parameters, plan)
    const parts = [...search.write(text)]
    if (last && !search.isDone) parts.push(...search.end())
    if (!search.isDone || search.startSeam === undefined) throw new Error('a segment has too little text behind its stop')
    return { tokens: joinTokens(...parts), startSeam: search.startSeam, ...search.stopSeam === undefined ? {} : { stopSeam: search.stopSeam } }
  }

  #write ({ tokens, blocks, family }: DeflateJob & { kind: 'write' }): WrittenRun[] {
    const runs: WrittenRun[] = []
    let joiner = new BitJoiner()
    let parts: Uint8Array[] = []
    let bits = 0
    const endRun = (): void => {
      if (bits > 0) runs.push({ bytes: concatBytes(...parts, joiner.end()), bits })
      joiner = new BitJoiner()
      parts = []
      bits = 0
    }
    let at = 0
    for (const [i, block] of blocks.entries()) {
      const some = tokens.subarray(at, at += block.tokenCount)
      const written = block.head === undefined ? writeBlock(this.#kernel, some, block, family) : writeGivenBlock(this.#kernel, some, block.head)
      if (written.stored) {
        endRun()
        runs.push({ stored: i })
      } else {
        parts.push(joiner.join(written.bytes, written.bits))
        bits += written.bits
      }
    }
    endRun()
    return runs
  }

  #jobs ({ parameters, dictionary, text, last }: DeflateJob & { kind: 'jobs' }): Uint8Array<ArrayBuffer> {
    const encoder = openEncoder(() => this.#kernel, parameters, dictionary)
    return concatBytes(...encoder.write(text), ...last ? encoder.end() : [])
  }

  #stream ({ id, parameters, text, last }: DeflateJob & { kind: 'stream' }): Uint8Array<ArrayBuffer> {
    let open = this.#streams.get(id)
    if (open === undefined) {
      const kernel = this.#idle.pop() ?? this.#newKernel()
      open = { kernel, encoder: openEncoder(() => kernel, parameters) }
      this.#streams.set(id, open)
    }
    const parts = [...open.encoder.write(text), ...last ? open.encoder.end() : []]
    if (last) this.#drop(id)
    return concatBytes(...parts)
  }

  #drop (id: number): undefined {
    const open = this.#streams.get(id)
    this.#streams.delete(id)
    if (open !== undefined && this.#idle.length === 0) this.#idle.push(open.kernel)
  }
}
