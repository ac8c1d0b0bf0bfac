import type { NodeControl, NodeStatus } from '../src/domain/node-control.ts'

export const PEER_A = '12D3KooWMQEctVLnzKXxnwG4EmAvAx9ggDBCPKvtwp6fwfHegyW4'
export const STATUS: NodeStatus = {
  pid: 4711,
  peerId: PEER_A,
  version: '0.1.0',
  uptimeMs: 90_061_000,
  addresses: [`/ip4/192.0.2.7/tcp/4101/p2p/${PEER_A}`],
  httpAddresses: ['http://192.0.2.7:4180'],
  services: [{ name: 'burn', build: 3, state: 'running' }, { name: 'mail', build: 1, state: 'failed', error: 'the mailbox is damaged' }],
  leases: [{ service: 'burn', id: 'ab', reason: 'a message waits to be read', until: '2026-01-22T12:00:00.000Z' }],
  draining: false,
}

/** A node that is only said to be there; counts how often it was started. */
export function memoryNodeControl (state: { running: boolean, busy?: boolean, items?: readonly unknown[] }): NodeControl & { readonly starts: number } {
  let starts = 0
  return {
    get starts () { return starts },
    look: async () => state.running ? STATUS : undefined,
    which: async () => ({ choice: 'own', why: 'nothing else is set', endpoint: 'unix:/home/ann/.local/share/ipkit/node.sock', home: '/home/ann/.local/share/ipkit', running: state.running, version: state.running ? '0.1.0' : null, kubo: '/ip4/127.0.0.1/tcp/5001' }),
    ask: async (_method, read) => state.running ? (async function * () { for (const item of state.items ?? []) yield read(item) })() : undefined,
    start: async () => {
      const started = !state.running
      if (started) starts++
      state.running = true
      return { started, status: STATUS }
    },
    runInForeground: async () => 7,
    stop: async how => {
      if (!state.running) return 'none'
      if (how === 'if-idle' && state.busy === true) return 'busy'
      state.running = false
      return 'stopped'
    },
  }
}
