import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathsIn, type AppPaths } from '@ipkit/core/config/app-paths'
import { runCli, type CliRun, type CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { cli } from '../src/cli.ts'
import { realDeps } from '../src/adapters/real-deps.ts'
import type { IpkitDeps } from '../src/commands/deps.ts'

export interface InHome extends Disposable {
  readonly dir: string
  readonly paths: AppPaths
  /** Runs ipkit with this home; paths in what it says are shortened to <dir>. */
  run(argv: readonly string[], options?: CliRunOptions & { readonly deps?: Partial<IpkitDeps> }): Promise<CliRun>
}

/** A home of its own, not made yet, and `ipkit` with everything real but the node: there is no node-main.js to start one from. */
export function inHome (): InHome {
  const dir = mkdtempSync(path.join(tmpdir(), 'ipkit-t-'))
  const deps = realDeps({ name: 'ipkit', dist: `${dir}/no-dist`, hasService: false })
  const shorten = (text: string): string => text.replaceAll(dir, '<dir>')
  return {
    dir,
    paths: pathsIn(path.join(dir, 'home')),
    async run (argv, options = {}) {
      const env = { IPKIT_HOME: path.join(dir, 'home'), HOME: dir, IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0', ...options.env }
      const run = await runCli(cli({ ...deps, ...options.deps }), argv, { cwd: dir, ...options, env })
      return { ...run, stdout: shorten(run.stdout), stderr: shorten(run.stderr), transcript: shorten(run.transcript) }
    },
    [Symbol.dispose] () { rmSync(dir, { recursive: true, force: true }) },
  }
}
