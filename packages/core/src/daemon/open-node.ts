/**
 * The CLI's end of the shared node: chooses one, connects or starts it, agrees on versions, has the tool's service loaded, and then
 * hands calls over. Nothing happens before the first call. Imports only what every command can afford.
 */
import { appPaths, type AppPaths } from '../config/app-paths.ts'
import { checkHome, checkNodeFiles, checkSocketFile, ensureHome } from '../config/home-check.ts'
import { openSocketPath, type SocketPath } from '../config/socket-path.ts'
import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import { callAhead, listAhead, type Ahead } from './call-ahead.ts'
import { chooseNode, noticeKubo, type NodeChoice } from './choose-node.ts'
import { connectOrSpawn, nobodyListens, type SpawnOutcome } from './connect-or-spawn.ts'
import { readLogTail } from './log-tail.ts'
import type { CallOptions, NodeDoor } from './node-door.ts'
import type { OpenNodeInput, ServiceAsk } from './open-node-input.ts'
import { RpcClient } from './rpc-client.ts'
import { RPC_PROTOCOL, agree, type Hello } from './rpc-wire.ts'
import { spawnNode } from './spawn-node.ts'

/** What `ipkit which` prints. */
export interface Which {
  readonly choice: NodeChoice['kind']
  readonly why: string
  /** `unix:PATH`; null for none. */
  readonly endpoint: string | null
  readonly home: string
  /** What answers there now. */
  readonly hello: Hello | null
  readonly kubo: { readonly file: string, readonly api: string } | null
}

/** How long a node that accepts the connection may take for its hello. */
const HELLO_TIMEOUT_MS = 15_000
/** A call that no hello went before: then the hello tells a node that is slow from one that is stuck. */
const AHEAD_PATIENCE_MS = 5_000

/** `onWait` is told once when starting takes long. A door may be used by any number of calls at once. */
export class SharedNode implements NodeDoor {
  readonly paths: AppPaths
  readonly #input: OpenNodeInput
  #choice: NodeChoice | undefined
  #connection: Promise<RpcClient> | undefined
  #service: Promise<void> | undefined
  #aheadClient: RpcClient | undefined

  constructor (input: OpenNodeInput) {
    this.#input = input
    this.paths = appPaths({ home: input.flags.home, env: input.env, cwd: input.cwd, host: input.host })
  }

  async call (method: string, params: unknown, options?: CallOptions): Promise<unknown> {
    const ahead = await this.#callAhead(method, params, options)
    if (ahead !== undefined) return ahead.value
    for (let first = true; ; first = false) {
      try { return await (await this.#clientFor(method, options)).call(method, params, options) } catch (e) { if (!this.#mayRetry(e, first, options)) throw e }
    }
  }

  async * list (method: string, params: unknown, options?: CallOptions): AsyncGenerator<unknown> {
    if (this.#mayGoAhead(options) && (yield * listAhead(this.#ahead(method), method, params, options))) return
    for (let first = true; ; first = false) {
      try { yield * (await this.#clientFor(method, options)).list(method, params, options); return } catch (e) { if (!this.#mayRetry(e, first, options)) throw e }
    }
  }

  async * bytes (method: string, params: unknown, options?: CallOptions): AsyncGenerator<Uint8Array> {
    for (let first = true; ; first = false) {
      try { yield * (await this.#clientFor(method, options)).bytes(method, params, options); return } catch (e) { if (!this.#mayRetry(e, first, options)) throw e }
    }
  }

  /** Connects, starting a node where that is chosen. @throws AppError NODE_* */
  async connect (signal?: AbortSignal): Promise<RpcClient> {
    return await (this.#connection ??= this.#open(true, signal))
  }

  async #open (mayReplace: boolean, signal?: AbortSignal): Promise<RpcClient> {
    return await this.#agreeOnVersions(mayReplace, signal).catch((e: unknown) => { this.#connection = undefined; throw e })
  }

  /** The running node's greeting; undefined when none runs. Never starts one. */
  async peek (signal?: AbortSignal): Promise<Hello | undefined> {
    const choice = this.choice()
    if (choice.kind === 'none') return undefined
    const client = this.#clientOf(choice)
    try {
      return await this.#hello(client, signal)
    } catch (e) {
      if (nobodyListens(e)) return undefined
      throw e
    } finally {
      client.close()
    }
  }

  /** A call to the running node; undefined when none runs. Never starts one, not even when it ends in between. */
  async callRunning (method: string, params: unknown, options: Pick<CallOptions, 'signal' | 'repeatable'> = {}): Promise<{ readonly value: unknown } | undefined> {
    const choice = this.choice()
    if (choice.kind === 'none') return undefined
    const ahead = await this.#callAhead(method, params, options)
    if (ahead !== undefined) return ahead
    const client = this.#clientOf(choice)
    try {
      await this.#hello(client, options.signal)
      return { value: await client.call(method, params, options) }
    } catch (e) {
      if (nobodyListens(e) || nobodyListens((e as { cause?: unknown }).cause)) return undefined
      throw e
    } finally {
      client.close()
    }
  }

  /** Asks the running node to leave and waits until its socket is gone. @returns false when none runs, or it is in use and `ifIdle` */
  async stop (ask: { readonly ifIdle: boolean }, signal?: AbortSignal): Promise<boolean> {
    const choice = this.choice()
    if (choice.kind === 'none') return false
    const client = this.#clientOf(choice)
    try {
      return await this.#drain(client, ask, signal)
    } catch (e) {
      if (nobodyListens(e)) return false
      throw e
    } finally {
      client.close()
      this.#connection = undefined
      this.#service = undefined
    }
  }

  choice (): NodeChoice { return (this.#choice ??= chooseNode({ flag: this.#input.flags.node, env: this.#input.env, cwd: this.#input.cwd, paths: this.paths })) }

  async which (signal?: AbortSignal): Promise<Which> {
    const choice = this.choice()
    const hello = await this.peek(signal)
    const endpoint = choice.kind === 'none' ? null : `unix:${choice.kind === 'unix' ? choice.socket : this.paths.socket}`
    return { choice: choice.kind, why: choice.why, endpoint, home: this.paths.home, hello: hello ?? null, kubo: noticeKubo(this.#input.env, this.#input.host.userHome) ?? null }
  }

  #mayGoAhead (options: CallOptions = {}): options is CallOptions & { repeatable: true } {
    return options.repeatable === true && this.#connection === undefined && this.choice().kind !== 'none'
  }

  async #callAhead (method: string, params: unknown, options?: CallOptions): Promise<{ readonly value: unknown } | undefined> {
    return this.#mayGoAhead(options) ? await callAhead(this.#ahead(method), method, params, options) : undefined
  }

  #ahead (method: string): Ahead {
    const { protocol = RPC_PROTOCOL, service, patienceMs = AHEAD_PATIENCE_MS } = this.#input
    this.#aheadClient ??= this.#clientOf(this.choice() as Exclude<NodeChoice, { kind: 'none' }>)
    return { client: this.#aheadClient, needs: { protocol, service: this.#isService(method) ? service : undefined }, patienceMs: Math.min(AHEAD_PATIENCE_MS, patienceMs) }
  }

  #isService (method: string): boolean { return this.#input.service !== undefined && method.startsWith(`${this.#input.service.name}.`) }

  /** After a lost node the next call looks for one again. Only a refused call is repeated: it never began. */
  #mayRetry (e: unknown, first: boolean, options: CallOptions = {}): boolean {
    const code = codeOf(e)
    if (code === 'NODE_CONNECTION_LOST' || code === 'NODE_DRAINING') this.#connection = undefined
    return code === 'NODE_DRAINING' && first && options.upload === undefined
  }

  async #clientFor (method: string, options: CallOptions = {}): Promise<RpcClient> {
    const client = await this.connect(options.signal)
    if (this.#service === undefined || !this.#isService(method)) return client
    await this.#service
    return await this.connect(options.signal) // the service may have needed a newer node
  }

  #clientOf (choice: Exclude<NodeChoice, { kind: 'none' }>): RpcClient {
    const { host } = this.#input
    let open: SocketPath | undefined // kept while the client lives: later connections go through it too
    return new RpcClient({
      release: () => { open?.close(); open = undefined },
      address: () => {
        if (choice.kind === 'own') { if (checkHome(this.paths, host)) checkNodeFiles(this.paths, host) } else checkSocketFile(choice.socket, host)
        return (open ??= openSocketPath(choice.kind === 'own' ? this.paths.socket : choice.socket, host.platform)).address
      },
    })
  }

  async #hello (client: RpcClient, signal?: AbortSignal): Promise<Hello> {
    const patienceMs = Math.min(HELLO_TIMEOUT_MS, this.#input.patienceMs ?? HELLO_TIMEOUT_MS)
    try {
      return await client.hello({ patienceMs, ...signal === undefined ? {} : { signal } })
    } catch (e) {
      if (codeOf(e) === 'ETIMEDOUT') throw new AppError('NODE_NOT_ANSWERING', `the node accepts connections but does not answer within ${patienceMs / 1000} s`, { exit: 'timedOut', cause: e, hints: this.#logTail() })
      if (codeOf(e) === 'EACCES' || codeOf(e) === 'EPERM') throw new AppError('NODE_NOT_ALLOWED', `this user may not use the node's socket (${String(codeOf(e))})`, { exit: 'refused', cause: e })
      throw e
    }
  }

  /** Dials; where the home's own node is chosen, starts it when nobody answers. */
  async #reach (signal?: AbortSignal): Promise<{ client: RpcClient, hello: Hello }> {
    const { clock, host, env, nodeMain, tool } = this.#input
    const choice = this.choice()
    if (choice.kind === 'none') throw new AppError('NODE_NONE', `this needs a node, and ${choice.why} says none`, { exit: 'usage', hints: ['leave it out, or name one: --node own'] })
    const client = this.#clientOf(choice)
    const dial = async (): Promise<{ client: RpcClient, hello: Hello }> => {
      const hello = await this.#hello(client, signal)
      // One that leaves is about to be nobody.
      if (hello.draining) throw Object.assign(new Error('the node is leaving'), { code: 'ECONNREFUSED' })
      return { client, hello }
    }
    if (choice.kind === 'unix') {
      return await dial().catch((e: unknown) => {
        if (!nobodyListens(e)) throw e
        throw new AppError('NODE_UNREACHABLE', `no node answers at ${choice.socket} (${String(codeOf(e))})`, { exit: 'unreachable', cause: e, hints: [`${choice.why} names it; to use the home's own node: ${tool} --node own ...`] })
      })
    }
    let isAsking = false
    return await connectOrSpawn({
      dial,
      isAsking: () => isAsking,
      spawn: async () => {
        ensureHome(this.paths, host)
        const start = async (passphrase?: string): Promise<SpawnOutcome> =>
          await spawnNode({ nodeMain, home: this.paths.home, env, host, logTail: () => this.#logTail(), passphrase })
        return await start().catch(async (e: unknown) => {
          const asked = codeOf(e) === 'PASSPHRASE_NEEDED' ? this.#input.askPassphrase?.() : undefined
          if (asked === undefined) throw e
          isAsking = true
          const passphrase = await asked.finally(() => { isAsking = false })
          return await start(passphrase)
        })
      },
      logTail: () => this.#logTail(),
      ...(this.#input.onWait === undefined ? {} : { onWait: this.#input.onWait }),
    }, clock, signal, this.#input.patienceMs)
  }

  /** An idle node that is too old leaves and ours takes over; a busy one is left alone. Strings are never compared. */
  async #agreeOnVersions (mayReplace: boolean, signal?: AbortSignal): Promise<RpcClient> {
    const ours = this.#input.protocol ?? RPC_PROTOCOL
    for (;;) {
      const { client, hello } = await this.#reach(signal)
      const agreed = agree(ours, hello.protocol)
      if (agreed === 'we are older') {
        client.close()
        throw new AppError('NODE_NEWER', `the running node speaks protocol ${hello.protocol.min} and later, this ${this.#input.tool} only up to ${ours.max}`, { exit: 'busy', hints: [`update ${this.#input.tool}, or stop the node: ${this.#stopCommand()}`] })
      }
      if (agreed === 'they are older') {
        await this.#replaceIdle(client, `the running node (${hello.version}) speaks protocol up to ${hello.protocol.max}, this ${this.#input.tool} needs ${ours.min}`, signal)
        continue
      }
      const { service } = this.#input
      // Not awaited here: a call to node.* needs no service.
      this.#service = service === undefined || (hello.services[service.name] ?? 0) >= service.build ? undefined : this.#ensureService(client, service, mayReplace, signal)
      this.#service?.catch(() => {})
      return client
    }
  }

  /** @param mayReplace false for a node that was started for this very service: another one would be no newer */
  async #ensureService (client: RpcClient, service: ServiceAsk, mayReplace: boolean, signal?: AbortSignal): Promise<void> {
    try {
      await client.call('node.ensureService', { manifest: service.manifest, build: service.build }, signal === undefined ? {} : { signal })
    } catch (e) {
      const code = codeOf(e)
      if (!mayReplace || (code !== 'SERVICE_OLDER' && code !== 'SERVICE_NEED_UNKNOWN')) throw e
      await this.#replaceIdle(client, code === 'SERVICE_OLDER' ? `the running node has an older build of ${service.name} loaded` : `the running node is too old for ${service.name}`, signal)
      this.#connection = this.#open(false, signal)
      await this.#connection
      await this.#service // of the new node
    }
  }

  async #replaceIdle (client: RpcClient, why: string, signal?: AbortSignal): Promise<void> {
    const left = await this.#drain(client, { ifIdle: true }, signal).catch((e: unknown) => { if (nobodyListens(e)) return true; throw e })
    client.close()
    if (!left) throw new AppError('NODE_BUSY', `${why}, and it is in use`, { exit: 'busy', hints: [`when its work may be interrupted: ${this.#stopCommand()}`] })
  }

  async #drain (client: RpcClient, ask: { readonly ifIdle: boolean }, signal?: AbortSignal): Promise<boolean> {
    const { draining } = await client.drain(ask, signal)
    if (!draining) return false
    const { clock } = this.#input
    for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 200)) {
      try {
        if (!(await this.#hello(client, signal)).draining) return true // it has left, and another process has started the next one
      } catch (e) { if (nobodyListens(e)) return true; throw e }
      await clock.sleep(waitMs, signal)
    }
  }

  #stopCommand (): string { return this.#input.tool === 'ipkit' ? 'ipkit restart' : `${this.#input.tool} node stop` }

  #logTail (): string[] {
    const lines = readLogTail(this.paths.log, 3)
    return [...lines.map(line => `log: ${line}`), `the whole log: ${this.paths.log}`]
  }
}
