/**
 * Loads the tools' services into the node and keeps them apart: what one throws at its start, in a call or at its stop is its own affair.
 * Services carry their own copy of core, so errors are recognised by brand and code.
 */
import { pathToFileURL } from 'node:url'
import { AppError, isAppError } from '../errors/app-error.ts'
import { messageOf } from '../errors/code-of.ts'
import { withDeadline } from '../time/deadline.ts'
import { installService, listInstalled, readInstalled, readPackageManifest, removeOldCopies, type InstalledService } from './install-service.ts'
import type { LoadedService, NodeServices } from './node-parts.ts'
import type { RpcHandler, Service, ServiceLog } from './service.ts'
import type { ServiceManifest } from './service-manifest.ts'
import { openScope, type OpenScope, type ScopeDeps } from './service-scope.ts'
import type { Owner } from './trusted-file.ts'

export interface ServiceHostDeps extends ScopeDeps {
  readonly servicesDir: string
  readonly us: Owner
  /** A log whose lines name the service. */
  readonly logOf: (service: string) => ServiceLog
  /** Aborts when the node begins to stop. */
  readonly signal: AbortSignal
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 5_000
const CONTRACT = 1

interface Running { readonly service: AsyncDisposable, readonly scope: OpenScope, readonly stop: AbortController }
interface Entry {
  manifest: ServiceManifest
  running?: Running
  /** Why it does not run. */
  error?: AppError
}

export class ServiceHost implements NodeServices {
  readonly #deps: ServiceHostDeps
  readonly #entries = new Map<string, Entry>()
  /** Loading and stopping one service at a time, each after the other. */
  #last: Promise<unknown> = Promise.resolve()
  /** How often each file was imported. */
  readonly #imports = new Map<string, number>()
  #stopping = false

  private constructor (deps: ServiceHostDeps) { this.#deps = deps }

  /** With every service that is installed in the home, started or listed as failed. */
  static async open (deps: ServiceHostDeps): Promise<ServiceHost> {
    const host = new ServiceHost(deps)
    for (const name of await listInstalled(deps.servicesDir)) await host.#inTurn(async () => { await host.#loadInstalled(name) })
    return host
  }

  /** A failed service's methods throw why it failed. */
  lookup (method: string): RpcHandler | undefined {
    const entry = this.#entries.get(method.slice(0, Math.max(0, method.indexOf('.'))))
    if (entry === undefined) return undefined
    const { error, running } = entry
    if (running === undefined) return async () => { throw error ?? stopped(entry.manifest.name) }
    return running.scope.methods.get(method)
  }

  async pinCounts (): Promise<ReadonlyMap<string, number>> { return await this.#deps.pins.counts() }

  list (): LoadedService[] {
    return [...this.#entries.values()].map(({ manifest, running, error }) => ({
      name: manifest.name,
      build: manifest.build,
      state: running !== undefined ? 'running' : error !== undefined ? 'failed' : 'stopped',
      ...(error === undefined ? {} : { error: error.message }),
    }))
  }

  /**
   * Installs and starts the service unless its build or a later one is loaded. One that failed is tried again.
   * @throws AppError SERVICE_OLDER when an older build is loaded (the newer one is installed for the next start), SERVICE_NOT_FOUND,
   * SERVICE_NOT_TRUSTED, SERVICE_INVALID, SERVICE_NEED_UNKNOWN, SERVICE_DAMAGED, and what the service's start throws
   */
  async ensure (ask: { readonly manifest: string, readonly build: number }, signal?: AbortSignal): Promise<LoadedService> {
    signal?.throwIfAborted()
    return await this.#inTurn(async () => {
      if (this.#stopping) throw new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable', hints: ['run the command again'] })
      const { servicesDir, us, randomBytes } = this.#deps
      const { manifest } = await readPackageManifest(ask.manifest, us)
      if (manifest.build < ask.build) throw new AppError('SERVICE_INVALID', `${ask.manifest} is build ${manifest.build}; build ${ask.build} was asked for`, { exit: 'refused', hints: ['install the tool again'] })
      const loaded = this.#entries.get(manifest.name)
      if (loaded?.running !== undefined && loaded.manifest.build >= ask.build) return this.#describe(manifest.name)
      if (loaded === undefined || loaded.manifest.build < manifest.build) {
        const installed = await installService(ask.manifest, servicesDir, us, randomBytes)
        if (loaded?.running !== undefined) throw new AppError('SERVICE_OLDER', `build ${loaded.manifest.build} of ${manifest.name} is loaded; build ${ask.build} is installed and needs the node to start again`, { exit: 'busy', hints: ['ipkit restart'] })
        await this.#start(installed)
      } else {
        await this.#loadInstalled(manifest.name)
      }
      const { error } = this.#entries.get(manifest.name)!
      if (error !== undefined) throw error
      return this.#describe(manifest.name)
    })
  }

  /** Stops the services, the last one loaded first. Never throws. */
  async [Symbol.asyncDispose] (): Promise<void> {
    this.#stopping = true
    await this.#inTurn(async () => {
      for (const entry of [...this.#entries.values()].reverse()) await this.#stop(entry)
    })
  }

  #describe (name: string): LoadedService {
    return this.list().find(service => service.name === name)!
  }

  async #inTurn<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return await result
  }

  async #loadInstalled (name: string): Promise<void> {
    let installed: InstalledService
    try {
      installed = await readInstalled(this.#deps.servicesDir, name)
      if (!this.#entries.has(name)) await removeOldCopies(this.#deps.servicesDir, name)
    } catch (e) {
      const error = toServiceError(name, e)
      this.#deps.log.error('an installed service cannot be used', { service: name, code: error.code, error: error.message })
      this.#entries.set(name, { manifest: { name, build: 0, contract: CONTRACT, needs: [], protocols: [], entry: '', files: {} }, error })
      return
    }
    await this.#start(installed)
  }

  async #start ({ manifest, entry: file }: InstalledService): Promise<void> {
    const { name } = manifest
    const { log, clock } = this.#deps
    const entry: Entry = { manifest }
    this.#entries.set(name, entry)
    const stop = new AbortController()
    const onNodeStop = (): void => { stop.abort(this.#deps.signal.reason) }
    this.#deps.signal.addEventListener('abort', onNodeStop, { once: true })
    let scope: OpenScope | undefined
    let starting: Promise<AsyncDisposable> | undefined
    try {
      scope = await openScope(manifest, { ...this.#deps, log: this.#deps.logOf(name) }, stop.signal)
      if (manifest.needs.includes('blocks')) await this.#deps.pins.open() // so that blocks which are there already are served
      const service = await this.#import(file, manifest)
      starting = service.start(scope.scope)
      entry.running = { service: await withDeadline(clock, START_TIMEOUT_MS, `the start of service ${name}`, starting), scope, stop }
      log.info('service started', { service: name, build: manifest.build })
    } catch (e) {
      entry.error = toServiceError(name, e)
      log.error('a service did not start', { service: name, code: entry.error.code, error: e instanceof Error ? e.stack : String(e) })
      this.#deps.signal.removeEventListener('abort', onNodeStop)
      stop.abort(entry.error)
      // One that was only late is stopped when it comes.
      starting?.then(async late => { await late[Symbol.asyncDispose]() }).catch(() => {})
      await scope?.[Symbol.asyncDispose]()
    }
  }

  async #import (file: string, manifest: ServiceManifest): Promise<Service> {
    // A module that failed to load is remembered as failed; another address is another module.
    const before = this.#imports.get(file) ?? 0
    this.#imports.set(file, before + 1)
    const module = await import(`${pathToFileURL(file).href}${before === 0 ? '' : `?load=${before}`}`) as { default?: Partial<Service> }
    const service = module.default
    if (service?.name !== manifest.name || service.contract !== CONTRACT || typeof service.start !== 'function') {
      throw new AppError('SERVICE_INVALID', `${manifest.entry} of ${manifest.name} has no service of that name and contract ${CONTRACT} as its default export`, { exit: 'refused' })
    }
    return service as Service
  }

  async #stop (entry: Entry): Promise<void> {
    const { running, manifest: { name } } = entry
    if (running === undefined) return
    delete entry.running
    running.stop.abort(stopped(name))
    try {
      await withDeadline(this.#deps.clock, STOP_TIMEOUT_MS, `the stop of service ${name}`, Promise.resolve(running.service[Symbol.asyncDispose]()))
    } catch (e) {
      this.#deps.log.error('a service did not stop cleanly', { service: name, error: e instanceof Error ? e.stack : String(e) })
    }
    await running.scope[Symbol.asyncDispose]()
  }
}

/** What callers get: the service's own error when it is one to act on, else one that says which service failed. */
function toServiceError (name: string, e: unknown): AppError {
  if (isAppError(e)) return new AppError(e.code, e.message, { exit: e.exit, hints: e.hints, cause: e })
  return new AppError('SERVICE_FAILED', `service ${name} did not start: ${messageOf(e)}`, { hints: ["the node's log has the details: 'ipkit logs'"], cause: e })
}

function stopped (name: string): AppError {
  return new AppError('SERVICE_STOPPED', `service ${name} is stopped`, { exit: 'unreachable', hints: ['run the command again'] })
}
