/** What one node with five services takes, and what five nodes with one service each take: real processes, real installs. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { SharedNode } from '@ipkit/core/daemon/open-node'
import { hostFacts } from '@ipkit/core/config/host-facts'
import { systemClock } from '@ipkit/core/time/clock'
import { writeSampleService } from '../sample-service.ts'
import { endNodes } from './node-processes.ts'
import { processMemory, type ProcessMemory } from './process-memory.ts'

const NAMES = ['one', 'two', 'three', 'four', 'five']

export interface FiveServices { readonly oneNode: ProcessMemory, readonly fiveNodes: ProcessMemory }

/** @param nodeMain a built node-main.js @param settleMs how long the nodes rest after their services have answered */
export async function measureFiveServices (nodeMain: string, settleMs: number): Promise<FiveServices> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-five-'))
  const started: SharedNode[] = []
  const nodeWith = async (home: string, services: readonly string[]): Promise<number> => {
    let last: SharedNode | undefined
    for (const name of services) {
      const manifest = await writeSampleService(path.join(dir, 'tools', name), { name, body: stateOf(name) })
      last = new SharedNode({
        tool: name, flags: { home: path.join(dir, home), node: 'own' }, cwd: dir, host: hostFacts(process, () => dir), clock: systemClock, nodeMain,
        env: { PATH: process.env['PATH'], IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' },
        service: { name, build: 1, manifest },
      })
      if (name === services[0]) started.push(last)
      await last.call(`${name}.echo`, { hello: name })
    }
    return (await last!.peek())!.pid
  }
  try {
    const one = await nodeWith('all', NAMES)
    const five = []
    for (const name of NAMES) five.push(await nodeWith(`only-${name}`, [name]))
    await systemClock.sleep(settleMs)
    const all = five.map(processMemory)
    const sum = (key: keyof ProcessMemory): number => all.reduce((total, memory) => total + memory[key], 0)
    return { oneNode: processMemory(one), fiveNodes: { rssBytes: sum('rssBytes'), pssBytes: sum('pssBytes') } }
  } finally {
    for (const node of started) {
      await node.stop({ ifIdle: false })
      await endNodes(node.paths.home) // it writes into its home a moment longer than it answers
    }
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Some state of its own, so that five services are not measured as if they were nothing. */
const stateOf = (name: string): string =>
  `const kept = new Map(Array.from({ length: 10_000 }, (_, i) => [i, { at: i, text: 'entry ' + i }])); scope.rpc('${name}.size', async () => ({ kind: 'result', value: kept.size }))`
