/**
 * The node's process with a network and services that are made up: it starts fast, and a test sets its protocol range and idle time.
 * A wrapper sets `globalThis.testNode` and imports this; see built-node.ts.
 */
import '@ipkit/core/time/polyfill'
import { randomBytes } from 'node:crypto'
import { closeSync, writeSync } from 'node:fs'
import { homedir } from 'node:os'
import { hostFacts } from '@ipkit/core/config/host-facts'
import { nodeProcess } from '@ipkit/core/daemon/node-process'
import type { RpcHandler } from '@ipkit/core/daemon/service'
import type { ProtocolRange } from '@ipkit/core/daemon/rpc-wire'
import { AppError } from '@ipkit/core/errors/app-error'
import { systemClock } from '@ipkit/core/time/clock'

export interface TestNodeOptions { readonly protocol?: ProtocolRange, readonly idleMs?: number, readonly serviceBuild?: number, readonly needPassphrase?: boolean }

const { protocol, idleMs, serviceBuild = 0, needPassphrase = false } = (globalThis as { testNode?: TestNodeOptions }).testNode ?? {}
const stop = new AbortController()
process.umask(0o077)
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => { stop.abort(new Error(name)) })

const exitCode = await nodeProcess({
  argv: process.argv.slice(2), env: process.env, host: hostFacts(process, homedir), clock: systemClock, signal: stop.signal, version: '0.0.0-test', randomBytes,
  passphrase: async () => { throw new AppError('PASSPHRASE_NEEDED', 'the identity is under a passphrase') },
  readStdinLine: firstLine,
  writeReport: (fd, line) => { writeSync(fd, line); closeSync(fd) },
  stderr: text => { writeSync(2, text) },
  onLog () {},
  ...(protocol === undefined ? {} : { protocol }),
  ...(idleMs === undefined ? {} : { idleMs }),
  openParts: async ({ leases, key }) => {
    if (needPassphrase && (process.argv.includes('--passphrase-stdin') ? await firstLine() : undefined) !== 'swordfish') throw new AppError('PASSPHRASE_NEEDED', 'the identity is under a passphrase')
    let loaded = serviceBuild
    const held = leases.holder('t')
    const methods: Record<string, RpcHandler> = {
      't.echo': async params => ({ kind: 'result', value: params }),
      // oxlint-disable-next-line typescript/no-deprecated -- the only way to see it
      't.env': async () => ({ kind: 'result', value: { env: process.env, argv: process.argv, execArgv: process.execArgv, cwd: process.cwd(), umask: process.umask() } }),
      't.wait': async (_params, call) => {
        call.progress({ step: 'waiting' })
        await new Promise<void>(resolve => { call.signal.addEventListener('abort', () => { resolve() }, { once: true }) })
        return { kind: 'result', value: null }
      },
      't.hold': async params => { await held.hold('x', params as { reason: string, untilMs: number }); return { kind: 'result', value: null } },
      't.release': async () => { await held.release('x'); return { kind: 'result', value: null } },
    }
    return {
      network: {
        addresses: () => [`/ip4/127.0.0.1/tcp/1/p2p/${key.peerId}`], httpAddresses: () => [], peers: () => [], connect: async () => { throw new AppError('PEER_UNREACHABLE', 'no network here', { exit: 'unreachable' }) },
        async [Symbol.asyncDispose] () {},
      },
      services: {
        lookup: method => methods[method],
        pinCounts: async () => new Map(),
        list: () => loaded === 0 ? [] : [{ name: 't', build: loaded, state: 'running' as const }],
        async ensure ({ build }) {
          if (loaded !== 0 && loaded < build) throw new AppError('SERVICE_OLDER', `build ${loaded} of t is loaded, ${build} is asked for`, { exit: 'busy' })
          loaded = Math.max(loaded, build)
          return { name: 't', build: loaded, state: 'running' }
        },
        async [Symbol.asyncDispose] () {},
      },
    }
  },
})
process.exit(exitCode)

async function firstLine (): Promise<string> {
  let text = ''
  for await (const chunk of process.stdin) text += String(chunk)
  return text.trim()
}
