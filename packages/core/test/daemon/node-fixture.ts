import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals'
import { hostFacts } from '@ipkit/core/config/host-facts'
import { SharedNode } from '@ipkit/core/daemon/open-node'
import type { OpenNodeInput } from '@ipkit/core/daemon/open-node-input'
import { systemClock } from '@ipkit/core/time/clock'
import { buildNode, tempHome, type BuiltNode } from '@ipkit/testkit/node/built-node'
import { endNodes, nodeProcesses } from '@ipkit/testkit/node/node-processes'

export const host = hostFacts(process, os.homedir)
export const LOOPBACK = { PATH: process.env['PATH'], IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' }

/** For a test file that starts real node processes: bundles them once, and gives each test a home of its own. */
export interface NodeFixture {
  readonly built: BuiltNode
  /** A node-main.js with a made-up network: it starts fast. */
  readonly quick: string
  /** Absolute path, not there yet. */
  readonly home: string
  node(more?: Partial<OpenNodeInput>): SharedNode
  /** Resolves when no process serves the home. */
  gone(): Promise<void>
}

export function nodeFixture (): NodeFixture {
  let built: BuiltNode
  let quick: string
  let temp: ReturnType<typeof tempHome>
  beforeAll(() => { built = buildNode(path.resolve(import.meta.dirname, '../../../..')); quick = built.testNodeMain() })
  afterAll(() => { built[Symbol.dispose]() })
  beforeEach(() => { temp = tempHome() })
  afterEach(async () => { await endNodes(temp.home); temp[Symbol.dispose]() })
  return {
    get built () { return built },
    get quick () { return quick },
    get home () { return temp.home },
    node: more => new SharedNode({
      tool: 'test', flags: { home: temp.home, node: undefined }, env: { ...LOOPBACK, SECRET: 'x' }, cwd: '/', host, clock: systemClock, nodeMain: quick, patienceMs: 20_000, ...more,
    }),
    gone: async () => { await until(() => nodeProcesses(temp.home).length === 0) },
  }
}

export async function until (met: () => boolean | Promise<boolean>): Promise<void> {
  while (!await met()) await new Promise(resolve => { setTimeout(resolve, 10) })
}

export const status = async (n: SharedNode): Promise<Record<string, unknown>> => await n.call('node.status', {}) as Record<string, unknown>
