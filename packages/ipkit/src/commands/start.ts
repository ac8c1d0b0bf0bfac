import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { AppError } from '@ipkit/core/errors/app-error'
import { EXIT, type ExitName } from '@ipkit/core/errors/exit-codes'
import type { IpkitDeps } from './deps.ts'
import { statusDocument } from './status.ts'

/** `ipkit start [--foreground]` */
export async function start (deps: IpkitDeps, io: Io, args: { readonly foreground: boolean }): Promise<Outcome> {
  const node = await deps.node(io)
  if (args.foreground) {
    const code = await node.runInForeground()
    io.signal.throwIfAborted() // it ended because we were told to
    const exit = (Object.keys(EXIT) as ExitName[]).find(name => EXIT[name] === code) ?? 'failed'
    return document({ exitCode: code }, '', exit)
  }
  const { started, status } = await node.start()
  io.report.note(started ? 'the node has started' : 'the node was running already')
  return statusDocument(status)
}

/** `ipkit stop [--if-idle] [--now]` */
export async function stop (deps: IpkitDeps, io: Io, args: { readonly ifIdle: boolean, readonly now: boolean }): Promise<Outcome> {
  if (args.ifIdle && args.now) throw new AppError('USAGE', '--if-idle and --now do not go together', { exit: 'usage', hints: ['--if-idle waits for nobody and stops only an unused node', '--now cuts off what it does'] })
  const node = await deps.node(io)
  const [lease, ...more] = args.ifIdle ? [] : (await node.look())?.leases ?? []
  if (lease !== undefined) io.report.warn('LEASES_WAIT', `${lease.service} (${lease.reason})${more.length === 0 ? '' : ` and ${more.length} more`} must wait until a node runs again: 'ipkit start'`)
  io.report.progress({ step: 'waiting for the node to stop' })
  const outcome = await node.stop(args.ifIdle ? 'if-idle' : args.now ? 'now' : 'after-calls')
  if (outcome === 'busy') throw new AppError('NODE_BUSY', 'the node is in use and was left running', { exit: 'busy', hints: ["what keeps it: 'ipkit status'", "stop it all the same: 'ipkit stop'"] })
  return document({ stopped: outcome === 'stopped' }, outcome === 'stopped' ? 'the node has stopped' : 'no node was running')
}

/** `ipkit restart` */
export async function restart (deps: IpkitDeps, io: Io, args: { readonly now: boolean }): Promise<Outcome> {
  const node = await deps.node(io)
  io.report.progress({ step: 'waiting for the node to stop' })
  await node.stop(args.now ? 'now' : 'after-calls')
  const { status } = await node.start()
  return statusDocument(status)
}
