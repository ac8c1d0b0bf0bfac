/** What `<tool> node status|stop|logs` answer. */
import { formatDuration } from './duration.ts'
import type { Io } from './io.ts'
import type { NodeControl } from './node-control.ts'
import { document, list, type Outcome } from './outcome.ts'
import { stripControl } from './strip-control.ts'
import { factsText } from './table.ts'

const LOG_LINES = 50

export async function nodeStatus (control: NodeControl): Promise<Outcome> {
  const status = await control.status()
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

export async function nodeStop (control: NodeControl): Promise<Outcome> {
  const stopped = await control.stop()
  return document({ stopped }, stopped ? 'stopped' : 'no node is running')
}

export async function nodeLogs (control: NodeControl, io: Io): Promise<Outcome> {
  const { file, lines } = await control.logLines(LOG_LINES)
  io.report.note(`the whole log: ${file}`)
  return list(each(lines), { toText: line => stripControl(line), emptyText: 'the log is empty' })
}

const counted = (reasons: readonly string[]): string[] =>
  [...new Set(reasons)].map(reason => { const count = reasons.filter(r => r === reason).length; return count === 1 ? reason : `${reason} (${count} times)` })

async function * each (lines: readonly string[]): AsyncGenerator<string> { yield * lines }
