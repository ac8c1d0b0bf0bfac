/** A sender with its real store and its real HTTP side on loopback, for tests that come as a browser does. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { HttpDoor } from '@ipkit/core/daemon/http-door'
import { peerIdFromPublicKey } from '@ipkit/core/identity/peer-id'
import { systemClock, type Clock } from '@ipkit/core/time/clock'
import { fsMessageStore } from '../../src/adapters/fs-message-store.ts'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { wasmArgon2id } from '../../src/adapters/wasm-argon2id.ts'
import { WebDoor } from '../../src/adapters/web-door.ts'
import { linkProofKey, messageId, passProofKey, stretchPassphrase } from '../../src/domain/keys.ts'
import { formatWebLink } from '../../src/domain/link.ts'
import type { MessageDesk } from '../../src/domain/message-desk.ts'
import { Outbox } from '../../src/domain/outbox.ts'
import { encryptPayload } from '../../src/domain/payload.ts'
import { buildPage } from './build-page.ts'
import { FaultyLink } from './faulty-link.ts'

export interface AddedMessage { readonly id: Uint8Array, readonly link: string }

export interface MessageOptions {
  readonly name?: string
  readonly passphrase?: string
  readonly reads?: number
  readonly lifeMs?: number
  readonly strict?: boolean
  readonly web?: boolean
}

export class WebWorld {
  readonly self = peerIdFromPublicKey(new Uint8Array(randomBytes(32)))
  /** Between the browser and the node. */
  readonly wire = new FaultyLink()
  /** Host names that the node answers to; counts from the next `up`. */
  names: string[] = []
  /** Added to the sender's clock. */
  shiftMs = 0
  /** Stands between the conversation and the store; for a sender that lies. */
  tamper: (desk: MessageDesk) => MessageDesk = desk => desk
  readonly reports: string[] = []
  readonly clock: Clock = { now: () => systemClock.now() + this.shiftMs, sleep: async (ms, signal) => { await systemClock.sleep(ms, signal) } }
  readonly #dir: string
  readonly #page: URL
  #door: HttpDoor | undefined
  #outbox: Outbox | undefined
  #stop = new AbortController()

  private constructor (dir: string, page: URL) { this.#dir = dir; this.#page = page }

  static async start (): Promise<WebWorld> {
    const dir = await mkdtemp(path.join(tmpdir(), 'burn-web-'))
    await mkdir(path.join(dir, 'page'))
    const world = new WebWorld(dir, buildPage(path.join(dir, 'page')))
    await world.up()
    return world
  }

  get base (): string { return `http://127.0.0.1:${this.wire.port}` }
  /** Past the faulty link. */
  get nodePort (): number { return Number(new URL(this.#door!.boundUrls()[0]!).port) }
  get outbox (): Outbox { return this.#outbox! }

  /** Starts the node, on the same disk as before. */
  async up (): Promise<void> {
    this.#stop = new AbortController()
    const report = (what: string, error?: unknown): void => { this.reports.push(`${what}: ${String(error)}`) }
    this.#outbox = await Outbox.open({
      store: fsMessageStore({ dataDir: this.#dir, report }), clock: this.clock, report, waiting: { hold: async () => {}, release: async () => {} },
    })
    const log = { debug () {}, info () {}, warn: report, error: report }
    const door = new HttpDoor({ listen: ['/ip4/127.0.0.1/tcp/0'], names: this.names, portsFile: path.join(this.#dir, 'ports.json'), log })
    this.#door = door
    await new WebDoor({
      http: { urls: async () => await door.urls(), handle: async handler => { await door.handle('burn', handler) } },
      folder: this.#page, clock: this.clock, signal: this.#stop.signal, randomBytes: size => new Uint8Array(randomBytes(size)),
      server: { desk: this.tamper(this.#outbox), self: this.self, standInKey: new Uint8Array(randomBytes(32)), clock: this.clock, report: e => { report('conversation', e) } },
    }).open()
    await this.wire.open(this.nodePort)
  }

  /** The sender goes offline: nothing listens any more, connections are cut. */
  async down (): Promise<void> {
    if (this.#door === undefined) return
    this.#stop.abort(new Error('the node stops'))
    await this.#door[Symbol.asyncDispose]()
    this.#door = undefined
    await this.#outbox!.close()
  }

  async end (): Promise<void> {
    await this.down()
    await this.wire.close()
    await rm(this.#dir, { recursive: true, force: true })
  }

  async add (content: string | Uint8Array, options: MessageOptions = {}): Promise<AddedMessage> {
    const [L, D, salt] = [0, 1, 2].map(() => new Uint8Array(randomBytes(32))) as [Uint8Array, Uint8Array, Uint8Array]
    const stretched = options.passphrase === undefined ? undefined : await stretchPassphrase(wasmArgon2id, options.passphrase, L, salt)
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    const payload = encryptPayload(nodeBulkCrypto, {
      secrets: { L, D: D.slice(), ...(stretched === undefined ? {} : { stretched }) }, salt, name: options.name ?? null, pad: true,
      content: (async function * () { yield bytes })(),
    })
    const id = messageId(L)
    const file = await this.outbox.create({
      id, D, linkProofKey: linkProofKey(L), passProofKey: stretched === undefined ? null : passProofKey(stretched), lifeMs: options.lifeMs ?? 7 * 86_400_000,
      reads: options.reads ?? 1, to: null, web: options.web ?? true, strict: options.strict ?? false, volatile: false, name: options.name ?? null,
    }, payload, new AbortController().signal)
    return { id, link: formatWebLink(this.base, { sender: this.self, root: file.root, L, passphrase: stretched !== undefined }) }
  }

  state (message: AddedMessage): string | undefined { return this.outbox.find(message.id)?.info.state }
}
