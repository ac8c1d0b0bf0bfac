import type { ServiceHttp, ServiceScope } from '@ipkit/core/daemon/service'
import { httpNonces } from '../domain/nonce.ts'
import { WEB_READER } from '../domain/statement.ts'
import { serveBurn, type BurnServer } from '../protocol.ts'
import { loadWebPage } from './web-page.ts'
import { webServer } from './web-server.ts'

export interface WebDoorDeps extends Pick<ServiceScope, 'clock' | 'randomBytes'> {
  readonly http: ServiceHttp
  /** Where page.html lies: beside the bundled service. */
  readonly folder: URL
  readonly server: BurnServer
  /** Aborts when burn stops. */
  readonly signal: AbortSignal
}

/** The page on the node's HTTP port. Nothing listens before the first message with a web link. */
export class WebDoor {
  readonly #deps: WebDoorDeps
  #opened: Promise<void> | undefined

  constructor (deps: WebDoorDeps) { this.#deps = deps }

  /** @returns base URLs of the page @throws AppError LISTEN_FAILED; the next call tries again */
  async open (): Promise<string[]> {
    this.#opened ??= this.#handle().catch((e: unknown) => {
      this.#opened = undefined
      throw e
    })
    await this.#opened
    return await this.#deps.http.urls()
  }

  async #handle (): Promise<void> {
    const { http, folder, server, clock, signal, randomBytes } = this.#deps
    const nonces = httpNonces(clock, randomBytes, randomBytes(32))
    await http.handle(webServer({
      page: await loadWebPage(folder), clock, signal,
      converse: async (channel, ended) => { await serveBurn(server, { reader: WEB_READER, audit: `web ${channel.remotePeer}`, nonces }, channel, ended) },
    }))
  }
}
