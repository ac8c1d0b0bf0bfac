import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { endNodes } from './node/node-processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const SCRIPTS = {
  burn: path.join(root, 'packages/burn-cli/bin/burn.js'),
  ipkit: path.join(root, 'packages/ipkit/bin/ipkit.js'),
  ipnsup: path.join(root, 'packages/ipnsup/bin/ipnsup.js'),
  ipfsup: path.join(root, 'packages/ipfsup/bin/ipfsup.js'),
  'ipfs-dedup-sync': path.join(root, 'packages/ipfs-dedup-sync/bin/ipfs-dedup-sync.js'),
}

export interface Ran { readonly exit: number | null, readonly stdout: string, readonly stderr: string }

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Where it runs; the person's folder unless told otherwise. */
  readonly cwd?: string
  /** Called with the process once it runs, to measure or to kill it. */
  readonly onStart?: (child: ChildProcessWithoutNullStreams) => void
}

/**
 * Somebody with a home, and so a node, of their own, who runs the built tools on the node binary that runs us. Everything listens on
 * 127.0.0.1 only, on free ports.
 */
export class Person implements AsyncDisposable {
  readonly name: string
  /** Where this person's commands run. */
  readonly folder: string
  readonly home: string
  readonly env: Readonly<Record<string, string>>

  private constructor (name: string, folder: string) {
    this.name = name
    this.folder = folder
    this.home = path.join(folder, 'home')
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      LANG: 'C.UTF-8',
      NO_COLOR: '1',
      IPKIT_HOME: this.home,
      IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0',
      IPKIT_HTTP_LISTEN: '/ip4/127.0.0.1/tcp/0',
    }
  }

  /** @param parent a folder that the caller removes after disposing of the person */
  static async in (parent: string, name: string): Promise<Person> {
    const folder = path.join(parent, name.toLowerCase())
    await mkdir(folder, { mode: 0o700 })
    return new Person(name, folder)
  }

  /** Runs a tool to its end. */
  async run (tool: keyof typeof SCRIPTS, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await this.runProgram(process.execPath, [SCRIPTS[tool], ...args], options)
  }

  /** Runs any program to its end, in this person's environment. */
  async runProgram (file: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const child = spawn(file, args, { cwd: options.cwd ?? this.folder, env: { ...this.env, ...options.env } })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => { out.push(chunk) })
    child.stderr.on('data', (chunk: Buffer) => { err.push(chunk) })
    child.stdin.on('error', () => {}) // a tool that ends before it has read all
    child.stdin.end(options.input ?? '')
    options.onStart?.(child)
    const exit = await new Promise<number | null>((resolve, reject) => { child.once('error', reject); child.once('close', resolve) })
    return { exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
  }

  /** @returns the one document of `--json` @throws Error with what the tool said, when it failed */
  async json<T> (tool: keyof typeof SCRIPTS, args: readonly string[], options?: RunOptions): Promise<T> {
    const ran = await this.run(tool, [...args, '--json'], options)
    if (ran.exit !== 0) throw new Error(`${tool} ${args[0] ?? ''} ended with ${ran.exit}: ${ran.stderr}`)
    return JSON.parse(ran.stdout) as T
  }

  /** Stops this person's node, and waits for its process: it writes into its home a moment longer than it answers. */
  async [Symbol.asyncDispose] (): Promise<void> {
    await this.run('ipkit', ['stop'])
    if (process.platform === 'linux') await endNodes(this.home)
  }
}
