import { spawn } from 'node:child_process'

/** Runs one command line to its end, silently. @throws Error with its last words when it fails */
export async function run (command: string, args: readonly string[], options: { readonly cwd?: string, readonly env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] })
  const out: Buffer[] = []
  const said: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => { out.push(chunk) })
  child.stderr.on('data', (chunk: Buffer) => { said.push(chunk) })
  const code = await new Promise<number | null>((resolve, reject) => { child.once('error', reject); child.once('close', resolve) })
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} ended with ${code}: ${Buffer.concat(said).toString().slice(-800)}`)
  return Buffer.concat(out).toString()
}

/** Whether a program of this name can be run here. */
export async function canRun (command: string): Promise<boolean> {
  return await run('sh', ['-c', `command -v ${command}`]).then(() => true, () => false)
}
