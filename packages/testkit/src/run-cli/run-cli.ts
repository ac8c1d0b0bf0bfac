import { lazyNodeDoor, noNodeDoor } from '@ipkit/core/cli/lazy-node-door'
import { runCli as run } from '@ipkit/core/cli/run-cli'
import type { CommandTable } from '@ipkit/core/cli/command-table'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { scriptedIo, type ScriptedIoOptions } from './scripted-io.ts'

export interface CliRunOptions extends ScriptedIoOptions {
  /** Without one, a command that wants the node fails the test. */
  readonly node?: NodeDoor
}

export interface CliRun {
  readonly exit: number
  readonly stdout: string
  readonly stdoutBytes: Uint8Array
  readonly stderr: string
  /** Command line, exit code and both streams: what a golden file holds. */
  readonly transcript: string
}

/** A whole run of a tool in this process: the same path as the real binary from argv to exit code. */
export async function runCli (table: CommandTable, argv: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const scripted = scriptedIo(argv, options)
  const exit = await run(table, scripted.host, io => lazyNodeDoor(io, async () => options.node ?? noNodeDoor))
  const stdoutBytes = scripted.stdout()
  const stdout = Buffer.from(stdoutBytes).toString('utf8')
  const stderr = scripted.stderr()
  const line = [table.name, ...argv.map(word => /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word}'`)].join(' ')
  return { exit, stdout, stdoutBytes, stderr, transcript: `$ ${line}\n[exit ${exit}]\n--- stdout\n${stdout}--- stderr\n${stderr}` }
}
