import { Worker } from 'node:worker_threads'
import { keepYoungGenerationSmall } from '@ipkit/core/daemon/young-generation'

interface Waiting<Answer> { resolve(answer: Answer): void, reject(error: Error): void }

/** A worker thread that answers each message with one, in order. It keeps the process alive only while something is asked of it. */
export class WorkerLane<Job, Answer> implements AsyncDisposable {
  readonly #worker: Worker
  readonly #waiting: Array<Waiting<Answer>> = []
  #broken: Error | undefined

  constructor (file: string, workerData: unknown) {
    this.#worker = new Worker(file, { workerData, execArgv: [] })
    this.#worker.once('online', keepYoungGenerationSmall)
    this.#worker.on('message', (answer: Answer) => {
      this.#waiting.shift()?.resolve(answer)
      if (this.#waiting.length === 0) this.#worker.unref()
    })
    this.#worker.on('error', error => { this.#break(error) })
    this.#worker.on('exit', code => { this.#break(new Error(`a worker thread ended with code ${code}`)) })
    this.#worker.unref()
  }

  /** Jobs that are not answered yet. */
  get load (): number { return this.#waiting.length }

  /** Whether the thread is gone. What is asked of it then is refused. */
  get isBroken (): boolean { return this.#broken !== undefined }

  /** @throws what broke the thread: it never comes back */
  async ask (job: Job): Promise<Answer> {
    if (this.#broken !== undefined) throw this.#broken
    return await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#worker.ref()
      this.#worker.postMessage(job, [])
    })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#break(new Error('the worker thread was stopped'))
    await this.#worker.terminate()
  }

  #break (error: Error): void {
    this.#broken ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#broken)
  }
}
