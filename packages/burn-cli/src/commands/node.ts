/** `burn node status|stop|logs`: enough to look after the shared node where `ipkit` is not installed. */
import type { Io } from '@ipkit/core/cli/io'
import { document, list, type Outcome } from '@ipkit/core/cli/outcome'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { factsText } from '@ipkit/core/cli/table'
import { formatDuration } from '@ipkit/core/cli/duration'
import type { BurnDeps } from './deps.ts'

const LOG_LINES = 50

export async function nodeStatus (deps: BurnDeps, io: Io): Promise<Outcome> {
  const status = await (await deps.nodeControl(io)).status()
  if (status === undefined) return document({ running: false, pid: null, peerId: null, uptimeMs: null, services: [], leases: [] }, 'no node is running; one starts by itself when it is needed')
  const { pid, peerId, uptimeMs, addresses, leases } = status
  return document(status, factsText([
    ['peer id', String(peerId)],
    ['process', String(pid)],
    ['running for', formatDuration(Number(uptimeMs))],
    ['addresses', Array.isArray(addresses) ? addresses.join('\n') : ''],
    ['kept by', Array.isArray(leases) ? counted(leases.map(lease => String((lease as { reason?: unknown }).reason))).join('\n') : ''],
  ]))
}

export async function nodeStop (deps: BurnDeps, io: Io): Promise<Outcome> {
  const stopped = await (await deps.nodeControl(io)).stop()
  return document({ stopped }, stopped ? 'stopped' : 'no node is running')
}

export async function nodeLogs (deps: BurnDeps, io: Io): Promise<Outcome> {
  const { file, lines } = await (await deps.nodeControl(io)).logLines(LOG_LINES)
  io.report.note(`the whole log: ${file}`)
  return list(each(lines), { toText: line => stripControl(line), emptyText: 'the log is empty' })
}

const counted = (reasons: readonly string[]): string[] =>
  [...new Set(reasons)].map(reason => { const count = reasons.filter(r => r === reason).length; return count === 1 ? reason : `${reason} (${count} times)` })

async function * each (lines: readonly string[]): AsyncGenerator<string> { yield * lines }
