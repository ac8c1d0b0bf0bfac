import { formatDuration } from '@ipkit/core/cli/duration'
import type { Io } from '@ipkit/core/cli/io'
import { document, type DocumentOutcome, type Outcome } from '@ipkit/core/cli/outcome'
import { factsText } from '@ipkit/core/cli/table'
import type { NodeStatus } from '../domain/node-control.ts'
import type { IpkitDeps } from './deps.ts'

/** `ipkit status`: never starts a node. */
export async function status (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const running = await (await deps.node(io)).look()
  if (running !== undefined) return statusDocument(running)
  return document(
    { running: false, pid: null, peerId: null, uptimeMs: null, services: [], leases: [] },
    'no node is running; one starts by itself when a tool needs it',
  )
}

export function statusDocument (node: NodeStatus): DocumentOutcome {
  const { pid, peerId, uptimeMs, services, leases, ...rest } = node
  const json = { running: true, pid, peerId, uptimeMs, services, leases, ...rest }
  return document(json, factsText([
    ['running', `yes, for ${formatDuration(uptimeMs)}${node.draining ? '; it is about to stop' : ''}`],
    ['pid', pid],
    ['version', node.version],
    ['peer id', peerId],
    ['addresses', node.addresses.join('\n')],
    ['web', node.httpAddresses.join('\n')],
    ['services', services.map(s => `${s.name} (build ${s.build})${s.state === 'running' ? '' : `: ${s.state}${s.error === undefined ? '' : `, ${s.error}`}`}`).join('\n')],
    ['leases', leaseLines(leases).join('\n')],
  ]))
}

/** Equal ones on one line, with the end of the last: ten messages that wait are no ten lines. */
function leaseLines (leases: NodeStatus['leases']): string[] {
  const what = (l: NodeStatus['leases'][number]): string => `${l.service}: ${l.reason}`
  return [...new Set(leases.map(what))].map(text => {
    const all = leases.filter(l => what(l) === text)
    const until = all.map(l => l.until).sort().at(-1)!
    return `${text}${all.length === 1 ? '' : ` (${all.length} times)`}, until ${until.slice(0, 16).replace('T', ' ')} UTC`
  })
}
