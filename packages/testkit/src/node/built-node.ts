import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestNodeOptions } from './test-node-main.ts'

export interface BuiltNode extends Disposable {
  /** node-main.js as it ships, from the present sources. */
  readonly nodeMain: string
  /** test-client.js */
  readonly client: string
  /** The path of a node-main.js with a made-up network; see test-node-main.ts. */
  testNodeMain(options?: TestNodeOptions): string
}

/** Bundles node processes into a temp folder, for tests that start them. Dispose it last. */
export function buildNode (workspaceRoot: string): BuiltNode {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-built-'))
  const core = path.join(workspaceRoot, 'packages/core')
  // classic-level finds its native file beside its own package, so it is not bundled.
  symlinkSync(path.join(core, 'node_modules'), path.join(dir, 'node_modules'))
  writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}')
  const testkit = path.join(workspaceRoot, 'packages/testkit/src/node')
  execFileSync(path.join(workspaceRoot, 'node_modules/.bin/esbuild'), [
    `node-main=${path.join(core, 'src/daemon/node-main.ts')}`, `test-node=${path.join(testkit, 'test-node-main.ts')}`, `test-client=${path.join(testkit, 'test-client.ts')}`,
    '--bundle', '--splitting', '--platform=node', '--target=node20', '--format=esm', '--log-level=error', `--outdir=${dir}`, '--external:classic-level',
    "--banner:js=import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  ], { stdio: ['ignore', 'ignore', 'inherit'] })
  let count = 0
  return {
    nodeMain: path.join(dir, 'node-main.js'),
    client: path.join(dir, 'test-client.js'),
    testNodeMain (options = {}) {
      const file = path.join(dir, `test-node-${++count}.js`)
      writeFileSync(file, `globalThis.testNode = ${JSON.stringify(options)}\nawait import('./test-node.js')\n`)
      return file
    },
    [Symbol.dispose] () { rmSync(dir, { recursive: true }) },
  }
}

/** A home to be made, under a short path. */
export function tempHome (): Disposable & { readonly home: string } {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-h-'))
  return { home: path.join(dir, 'home'), [Symbol.dispose] () { if (existsSync(dir)) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) } }
}
