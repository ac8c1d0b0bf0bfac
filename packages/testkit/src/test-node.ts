import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { ServiceLog } from '@ipkit/core/daemon/service'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { createNode, type NetNode, type NodeConfig } from '@ipkit/core/net/create-node'
import { systemClock } from '@ipkit/core/time/clock'

export interface LogLine { readonly level: 'debug' | 'info' | 'warn' | 'error', readonly message: string, readonly fields: Readonly<Record<string, unknown>> }

/** A log that keeps what was said. */
export function memoryLog (): ServiceLog & { readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (message: string, fields: Readonly<Record<string, unknown>> = {}): void => { lines.push({ level, message, fields }) }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export const LOOPBACK_CONFIG: NodeConfig = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, lanDht: false, publicNetwork: false }

export interface TestNode extends AsyncDisposable { readonly node: NetNode, readonly dir: string, readonly log: ReturnType<typeof memoryLog> }

/** A real node on 127.0.0.1 with a temp folder and a key of its own; disposing stops it and removes the folder. */
export async function testNode (config: Partial<NodeConfig> = {}): Promise<TestNode> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'ipkit-node-'))
  const log = memoryLog()
  const node = await createNode({ key: new PeerKey(randomBytes(32)), config: { ...LOOPBACK_CONFIG, ...config }, portsFile: path.join(dir, 'ports.json'), log, clock: systemClock }).catch(async (e: unknown) => {
    await rm(dir, { recursive: true, force: true })
    throw e
  })
  return {
    node,
    dir,
    log,
    async [Symbol.asyncDispose] () {
      await node[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
