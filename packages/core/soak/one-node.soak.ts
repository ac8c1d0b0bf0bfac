import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { buildNode, tempHome } from '@ipkit/testkit/node/built-node'
import { endNodes, nodeProcesses } from '@ipkit/testkit/node/node-processes'
import { seededRandom } from '@ipkit/testkit/seeded-random'
import type { SoakPlan } from '@ipkit/testkit/soak-plan'

const CLIENTS = 12
const root = path.resolve(import.meta.dirname, '../../..')
let built: ReturnType<typeof buildNode> | undefined

/** Runs the client program. @returns what it printed */
export async function runClient (client: string, nodeMain: string, home: string): Promise<{ pid?: number, error?: unknown }> {
  return await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [client, nodeMain, home], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0' } })
    let text = ''
    child.stdout.on('data', d => { text += String(d) })
    child.once('error', reject)
    child.once('close', () => { try { resolve(JSON.parse(text) as { pid?: number }) } catch (e) { reject(new Error(`the client printed ${JSON.stringify(text)}`, { cause: e })) } })
  })
}

/** What the home's log tells of starts and ends, in order. */
function lives (home: string): string[] {
  const file = path.join(home, 'node.log')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(l => l !== '').map(l => (JSON.parse(l) as { msg: string }).msg).filter(m => m === 'ready' || m === 'stopped') : []
}

/** 12 processes want the node of one home at once: in an empty home, after kill -9 left socket and hint behind, or while one leaves. */
export const soak: SoakPlan = {
  name: 'one-node',
  rounds: 200,
  async round (seed) {
    if (built === undefined) { built = buildNode(root); process.once('exit', cleanUp) }
    const { client, nodeMain } = built
    const random = seededRandom(seed)
    const scene = (['empty', 'killed', 'leaving'] as const)[random.below(3)]!
    using temp = tempHome()
    const { home } = temp
    try {
      let before: number | undefined
      if (scene !== 'empty') {
        before = (await runClient(client, nodeMain, home)).pid!
        process.kill(before, scene === 'killed' ? 'SIGKILL' : 'SIGTERM')
      }
      const answers = await Promise.all(Array.from({ length: CLIENTS }, async () => {
        await new Promise(resolve => { setTimeout(resolve, random.below(40)) })
        return await runClient(client, nodeMain, home)
      }))
      const failed = answers.filter(a => a.pid === undefined)
      if (failed.length > 0) throw new Error(`${scene}: ${failed.length} clients got no node: ${JSON.stringify(failed[0])}`)
      const pids = new Set(answers.map(a => a.pid).filter(pid => pid !== before))
      if (pids.size > 1) throw new Error(`${scene}: ${pids.size} nodes answered`)
      const told = lives(home).join(' ')
      const expected = { empty: /^ready$/, killed: /^ready ready$/, leaving: /^ready( stopped( ready)?)?$/ }[scene]
      if (!expected.test(told)) throw new Error(`${scene}: the log tells ${told}`)
      await settled(home)
    } finally {
      await endNodes(home)
    }
  },
}

/** Losers leave by themselves: at last there is one node, or none when the first one left after answering everybody. */
async function settled (home: string): Promise<void> {
  for (let tries = 0; nodeProcesses(home).length > 1; tries++) {
    if (tries > 200) throw new Error(`${nodeProcesses(home).length} node processes stay`)
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
}

/** Removes the bundles. */
export function cleanUp (): void { built?.[Symbol.dispose](); built = undefined }
