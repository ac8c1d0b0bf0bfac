/** A command-line tool in small: connects to the home's node or starts it, and prints what it found. argv: node-main.js, home. */
import { homedir } from 'node:os'
import { hostFacts } from '@ipkit/core/config/host-facts'
import { SharedNode } from '@ipkit/core/daemon/open-node'
import { toRemoteError } from '@ipkit/core/errors/remote-error'
import { systemClock } from '@ipkit/core/time/clock'

const [nodeMain, home] = process.argv.slice(2)
const node = new SharedNode({ tool: 'test', flags: { home, node: 'own' }, env: process.env, cwd: process.cwd(), host: hostFacts(process, homedir), clock: systemClock, nodeMain: nodeMain!, patienceMs: 60_000 })
try {
  const client = await node.connect()
  const { pid, peerId } = await client.hello()
  process.stdout.write(`${JSON.stringify({ pid, peerId })}\n`)
  client.close()
} catch (e) {
  process.stdout.write(`${JSON.stringify({ error: toRemoteError(e) })}\n`)
  process.exitCode = 1
}
