import { readFileSync } from 'node:fs'
import path from 'node:path'
import { processFacts } from './process-facts.ts'
import type { SharedNode } from '../daemon/open-node.ts'
import type { OpenNodeInput, ServiceAsk } from '../daemon/open-node-input.ts'
import type { Io } from './io.ts'
import { messageOf } from '../errors/code-of.ts'
import { lazyNodeDoor } from './lazy-node-door.ts'
import type { OpenNode } from './run-cli.ts'

/** A tool as it is built: what it starts a node from, and what it brings into the node. */
export interface BuiltTool {
  /** The binary's name. */
  readonly name: string
  /** The folder of `bin.cjs`, `node-main.js` and, where the tool has a service, `service.json`; absolute. */
  readonly dist: string
  readonly hasService: boolean
}

/** What `bin.ts` gives to `runProcess`. */
export const sharedNodeDoor = (tool: BuiltTool): OpenNode => io => lazyNodeDoor(io, async () => await openSharedNode(tool, io))

/** The shared node that this run's flags and environment name. Nothing is dialled or started yet. */
export async function openSharedNode (tool: BuiltTool, io: Omit<Io, 'node'>): Promise<SharedNode> {
  const { SharedNode: Node } = await import('../daemon/open-node.ts')
  const node = new Node(sharedNodeInput(tool, io))
  try {
    const { kind, why } = node.choice()
    io.log.info('node', { choice: kind, why, home: node.paths.home })
  } catch (e) {
    io.log.info('node', { why: messageOf(e), home: node.paths.home }) // told when the node is used; the doctor works without one
  }
  return node
}

export function sharedNodeInput (tool: BuiltTool, io: Omit<Io, 'node'>): OpenNodeInput {
  return {
    tool: tool.name,
    flags: io.flags,
    env: io.env,
    cwd: io.cwd,
    host: processFacts(),
    clock: io.clock,
    nodeMain: path.join(tool.dist, 'node-main.js'),
    ...tool.hasService ? { service: serviceOf(path.join(tool.dist, 'service.json')) } : {},
    onWait: () => { io.report.progress({ step: 'starting the shared node' }) },
    askPassphrase: () => io.prompt.canAsk ? io.prompt.secret('passphrase of your ipkit identity') : undefined,
  }
}

function serviceOf (manifest: string): ServiceAsk {
  const { name, build } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string, build: number } // made by our own build
  return { name, build, manifest }
}
