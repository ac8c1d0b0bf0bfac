import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { lazyNodeDoor } from '@ipkit/core/cli/lazy-node-door'
import { runCli } from '@ipkit/core/cli/run-cli'
import { openSharedNode, type BuiltTool } from '@ipkit/core/cli/shared-node-door'
import type { SharedNode } from '@ipkit/core/daemon/open-node'
import { systemClock } from '@ipkit/core/time/clock'
import type { Person, Ran } from '@ipkit/testkit/person'
import { scriptedIo } from '@ipkit/testkit/run-cli/scripted-io'
import { realDeps } from '../../packages/burn-cli/src/adapters/real-deps.ts'
import { cli } from '../../packages/burn-cli/src/cli.ts'

/** What `pnpm build` wrote: a node that has to be started is the built one. */
const tool: BuiltTool = { name: 'burn', dist: path.resolve(import.meta.dirname, '../../packages/burn-cli/dist'), hasService: true }
const table = cli(realDeps(tool))

/**
 * One run of `burn` in this process, from argv to exit code, as `bin.ts` puts it together: the same table, the same way to the person's
 * node over its socket, over connections of its own. Saves the start of a process, which is most of what a short command takes.
 */
export async function burnHere (who: Person, argv: readonly string[], input = ''): Promise<Ran> {
  const scripted = scriptedIo(argv, { env: who.env, cwd: who.folder, stdin: input, clock: systemClock, randomByte: () => randomBytes(1)[0]! })
  const opened: SharedNode[] = []
  try {
    const exit = await runCli(table, scripted.host, io => lazyNodeDoor(io, async () => {
      const node = await openSharedNode(tool, io)
      opened.push(node)
      return node
    }))
    return { exit, stdout: Buffer.from(scripted.stdout()).toString(), stderr: scripted.stderr() }
  } finally {
    for (const node of opened) (await node.connect()).close() // a process would have ended with its connections
  }
}

/** @returns the one document of `--json` @throws Error with what the tool said, when it failed */
export async function burnJsonHere<T> (who: Person, argv: readonly string[], input?: string): Promise<T> {
  const ran = await burnHere(who, [...argv, '--json'], input)
  if (ran.exit !== 0) throw new Error(`burn ${argv[0] ?? ''} ended with ${ran.exit}: ${ran.stderr}`)
  return JSON.parse(ran.stdout) as T
}
