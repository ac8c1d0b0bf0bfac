/**
 * The life of the node's process: take the home's lock, open everything, serve, and leave in the opposite order. One process a home:
 * whoever does not get the lock goes quietly. The parts that differ in tests are parameters; node-root.ts gives the real ones.
 */
import { chmodSync, rmSync } from 'node:fs'
import { pathsIn, type AppPaths } from '../config/app-paths.ts'
import { checkNodeFiles, ensureHome } from '../config/home-check.ts'
import type { HostFacts } from '../config/host-facts.ts'
import { readConfig } from '../config/read-config.ts'
import { openSocketPath } from '../config/socket-path.ts'
import { AppError } from '../errors/app-error.ts'
import { loadOrCreateKey } from '../identity/key-file.ts'
import { Keychain } from '../identity/keychain.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import type { Clock } from '../time/clock.ts'
import { withDeadline } from '../time/deadline.ts'
import type { SteadyClock } from '../time/steady-clock.ts'
import { noticeKubo } from './choose-node.ts'
import { ClockEvidence, type ClockState } from './clock-evidence.ts'
import { joinKubo } from './join-kubo.ts'
import { LeaseBook } from './lease-book.ts'
import { takeNodeLock } from './node-lock.ts'
import type { NodeLog } from './node-log.ts'
import { nodeMethods } from './node-methods.ts'
import type { OpenNodeParts } from './node-parts.ts'
import { RpcServer } from './rpc-server.ts'
import { RPC_PROTOCOL, type Hello, type ProtocolRange } from './rpc-wire.ts'
import { startFailure } from './start-failure.ts'

export interface RunNodeInput {
  /** Absolute. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly host: HostFacts
  readonly clock: Clock
  /** Tells a clock that jumps from a machine that rests. */
  readonly steady?: SteadyClock
  readonly openLog: (paths: AppPaths, level: string) => NodeLog
  readonly randomBytes: (sizeBytes: number) => Uint8Array
  readonly passphrase: () => Promise<string>
  /** What the identity is sealed under when this start makes it; undefined: nothing. */
  readonly newPassphrase?: () => Promise<string | undefined>
  readonly openParts: OpenNodeParts
  /** SIGTERM, SIGINT. */
  readonly signal: AbortSignal
  readonly version: string
  readonly onReady: (hello: Hello) => void
  readonly protocol?: ProtocolRange
  /** Else from the config. */
  readonly idleMs?: number
}

export const CAPABILITIES: readonly string[] = ['services', 'leases', 'drain']

/** How long a service, the network or a client's last answer may hold up the end. */
const STOP_STEP_MS = 5_000
const NOTE_CLOCK_MS = 10 * 60_000
const MAX_TICK_MS = 30_000

/**
 * @returns 'lost' when another process is the home's node, 'stopped' after a clean end
 * @throws AppError why it cannot start; then nothing of it is left
 */
export async function runNode (input: RunNodeInput): Promise<'stopped' | 'lost'> {
  const { clock: systemClock, host } = input
  const paths = pathsIn(input.home)
  const stopping = new AbortController()
  const undo: Array<{ readonly what: string, readonly run: () => void | Promise<void> }> = []
  let log: NodeLog | undefined
  try {
    ensureHome(paths, host)
    checkNodeFiles(paths, host)
    const database = await takeNodeLock(paths.datastore)
    if (database === undefined) return 'lost'
    undo.push({ what: 'datastore', run: async () => { await database.close() } })

    const config = readConfig(paths.config, input.env)
    log = input.openLog(paths, config.logLevel)
    const evidence = ClockEvidence.open(paths.clockEvidence, systemClock, input.steady)
    const { clock } = evidence
    // Written while the lock is still ours, so that the log of one home never shows two nodes at once.
    undo.push({ what: 'log', run: () => { log!.info('stopped', { pid: host.pid }) } })
    let said = warnOfClock(evidence, log)
    await evidence.note()
    undo.push({ what: 'clock evidence', run: async () => { await evidence.note() } })
    const leases = LeaseBook.open(paths.leases, clock)
    let asked: Promise<string> | undefined
    const passphrase = async (): Promise<string> => await (asked ??= input.passphrase()) // it cannot be asked for again: stdin is read once
    const key = await loadOrCreateKey(paths.identityKey, { ...input, passphrase })
    const keys = new Keychain({ dir: paths.keys, identityFile: paths.identityKey, self: key, passphrase, randomBytes: input.randomBytes })
    const { network, services } = await input.openParts({ paths, config, key, keys, clockState: () => evidence.state().state, database, clock, log, host, leases, randomBytes: input.randomBytes, signal: stopping.signal })
    undo.push({ what: 'network', run: async () => { await network[Symbol.asyncDispose]() } })
    undo.push({ what: 'services', run: async () => { await services[Symbol.asyncDispose]() } })

    const leaving = new AppError('NODE_DRAINING', 'the node is leaving', { exit: 'unreachable', hints: ['run the command again'] })
    const startedMs = clock.now()
    const idleMs = input.idleMs ?? config.idleMinutes * 60_000
    let draining = false
    const busy = (): boolean => rpc.calls > 0 || leases.active().length > 0
    const stop = (why: string): void => {
      if (stopping.signal.aborted) return
      log!.info('stopping', { why })
      stopping.abort(new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable', hints: ['run the command again'] }))
    }
    const hello = (): Hello => ({
      protocol: input.protocol ?? RPC_PROTOCOL, version: input.version, capabilities: [...CAPABILITIES], pid: host.pid, peerId: key.peerId, draining, busy: busy(),
      services: Object.fromEntries(services.list().filter(s => s.state === 'running').map(s => [s.name, s.build])),
    })
    const methods = nodeMethods({
      pid: host.pid, peerId: key.peerId, version: input.version, home: paths.home, logFile: paths.log, startedMs, idleMs, network, services, leases, evidence,
      nowMs: () => clock.now(), calls: () => rpc.calls, lastUseMs: () => rpc.lastUseMs, draining: () => draining,
      stop: () => { draining = true; void afterThisCall(systemClock, () => { stop('asked to') }) },
    })
    const leaveWhenDone = (): void => { if (draining && rpc.calls === 0) stop('asked to leave') }
    const rpc: RpcServer = new RpcServer({
      lookup: name => methods.get(name) ?? services.lookup(name),
      hello,
      drain: ({ ifIdle }) => {
        if (!ifIdle || !busy()) { draining = true; rpc.refuse(leaving); void afterThisCall(systemClock, leaveWhenDone) }
        return { draining, calls: rpc.calls, leases: leases.active().length }
      },
      onCallEnd: leaveWhenDone,
      clock: systemClock, log,
    })

    await bind(paths, host, rpc)
    undo.push({ what: 'RPC', run: async () => { await rpc.close(stopping.signal.reason as AppError, STOP_STEP_MS) } })
    undo.push({ what: 'socket', run: () => { rmSync(paths.socket, { force: true }); rmSync(paths.nodeJson, { force: true }) } })
    await atomicWrite(paths.nodeJson, new TextEncoder().encode(`${JSON.stringify({ ...hello(), endpoint: `unix:${paths.socket}` })}\n`))

    log.info('ready', { pid: host.pid, peerId: key.peerId, version: input.version, addresses: network.addresses() })
    input.onReady(hello())
    input.signal.addEventListener('abort', () => { stop('signal') }, { once: true })
    if (input.signal.aborted) stop('signal')

    if (config.kubo) void joinKubo({ findApi: () => noticeKubo(input.env, host.userHome)?.api, network, clock: systemClock, log, signal: stopping.signal })

    let notedMs = systemClock.now()
    const tickMs = Math.max(10, Math.min(MAX_TICK_MS, idleMs === 0 ? MAX_TICK_MS : idleMs / 4))
    while (!stopping.signal.aborted) {
      await systemClock.sleep(tickMs, stopping.signal).catch(() => {})
      const now = systemClock.now()
      if (evidence.state().state !== said) said = warnOfClock(evidence, log) // somebody set it while we ran
      if (idleMs > 0 && !busy() && now - rpc.lastUseMs >= idleMs) stop('idle')
      if (Math.abs(now - notedMs) >= NOTE_CLOCK_MS) { notedMs = now; await evidence.note().catch((e: unknown) => { log!.warn('the time could not be noted', { error: String(e) }) }) }
    }
    return 'stopped'
  } catch (e) {
    const failure = startFailure(e, paths.home)
    log?.error('the node could not start', { error: failure instanceof Error ? failure.stack : String(failure) })
    throw failure
  } finally {
    if (!stopping.signal.aborted) stopping.abort(new AppError('NODE_STOPPING', 'the node is stopping', { exit: 'unreachable' }))
    for (const { what, run } of undo.reverse()) {
      try {
        await withDeadline(systemClock, STOP_STEP_MS * 2, `the end of the ${what}`, Promise.resolve().then(run))
      } catch (e) {
        log?.error(`${what} did not stop cleanly`, { error: e instanceof Error ? e.stack : String(e) })
      }
    }
    log?.close()
  }
}

/** The lock is ours, so whatever socket is there is of a node that died. */
async function bind (paths: AppPaths, host: HostFacts, rpc: RpcServer): Promise<void> {
  checkNodeFiles(paths, host)
  rmSync(paths.socket, { force: true })
  const { address } = openSocketPath(paths.socket, host.platform) // stays open: the address is needed until the process ends
  await rpc.listen(address)
  chmodSync(paths.socket, 0o600)
}

/** Lets the answer of the call that asked for it leave first. */
async function afterThisCall (clock: Clock, run: () => void): Promise<void> {
  await clock.sleep(10)
  run()
}

function warnOfClock (evidence: ClockEvidence, log: NodeLog): ClockState['state'] {
  const clock = evidence.state()
  if (clock.state !== 'ok') log.warn(clock.state === 'set-back' ? 'the clock is behind what this home has already seen' : 'the clock has jumped far ahead', { byMs: clock.byMs, cure: 'ipkit doctor --accept-clock' })
  return clock.state
}
