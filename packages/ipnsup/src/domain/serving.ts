/** Whether records are served over HTTP: said once, and so again after a restart. On disk: docs/formats/ipnsup-store.md, "serving". */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { codeOf } from '@ipkit/core/errors/code-of'
import { literal, object, string } from '@ipkit/core/schema/schema'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import { encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { readStored } from './read-stored.ts'

export interface ListeningServer extends AsyncDisposable {
  /** `<ip>:<port>`, the port a real one. */
  readonly listening: string
  urls(): string[]
}

/** @param listen `<ip>:<port>` @throws AppError ADDRESS_INVALID, LISTEN_FAILED */
export type OpenServer = (listen: string) => Promise<ListeningServer>

const KEY = 'serving'
const DEFAULT_LISTEN = '127.0.0.1:0'
const STORED = object({ version: literal(1), listen: string({ min: 1, max: 128 }) })

/** Calls may overlap: they are done one after the other. */
export class Serving {
  readonly #store: KeyValueStore
  readonly #open: OpenServer
  readonly #changes = new SerialQueue()
  #server: ListeningServer | undefined

  constructor (store: KeyValueStore, open: OpenServer) {
    this.#store = store
    this.#open = open
  }

  get isOn (): boolean { return this.#server !== undefined }

  /** After a start of the node. @throws AppError LISTEN_FAILED, SERVING_DAMAGED */
  async resume (): Promise<void> {
    const listen = await this.#before()
    if (listen !== undefined) await this.serve(listen)
  }

  /** Durable when it resolves. @param http null: as before, else on the loopback address @returns where @throws AppError ADDRESS_INVALID, LISTEN_FAILED */
  async serve (http: string | null): Promise<string[]> {
    return await this.#changes.run(async () => {
      const running = this.#server
      if (running !== undefined && (http === null || http === running.listening)) return running.urls()
      const server = await this.#open(http ?? await this.#beforeIfWhole() ?? DEFAULT_LISTEN)
      try {
        await this.#store.put(KEY, encodeStrict({ version: 1, listen: server.listening }))
      } catch (e) {
        await server[Symbol.asyncDispose]()
        throw e
      }
      this.#server = server
      await running?.[Symbol.asyncDispose]()
      return server.urls()
    })
  }

  /** @returns whether it was served */
  async unserve (): Promise<boolean> {
    return await this.#changes.run(async () => {
      const was = await this.#store.get(KEY) !== undefined
      await this.#store.delete(KEY)
      await this.#server?.[Symbol.asyncDispose]()
      this.#server = undefined
      return was
    })
  }

  /** For as long as this process lasts: it comes back with the next one. */
  async close (): Promise<void> {
    await this.#changes.run(async () => {
      await this.#server?.[Symbol.asyncDispose]()
      this.#server = undefined
    })
  }

  /** Whoever says that records are to be served has them served, whatever became of the note. */
  async #beforeIfWhole (): Promise<string | undefined> {
    return await this.#before().catch((e: unknown) => {
      if (codeOf(e) === 'SERVING_DAMAGED') return undefined
      throw e
    })
  }

  async #before (): Promise<string | undefined> {
    const stored = await this.#store.get(KEY)
    return stored === undefined ? undefined : readStored(STORED, stored, { code: 'SERVING_DAMAGED', what: 'the note of where records are served', hint: "say it again: 'ipnsup serve', or 'ipnsup serve --stop'" }).listen
  }
}
