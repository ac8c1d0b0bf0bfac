import { execFile } from 'node:child_process'
import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { Setup } from '../domain/setup.ts'

const NAME = 'ipfsup'
const MAX_TALK_BYTES = 16 * 1024 * 1024

export interface OwnInstallInput {
  /** Absolute path of ipfsup's own start, `<package>/bin/ipfsup.js`. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The Node.js binary that runs us. */
  readonly execPath: string
  /** undefined: npm's own setting. */
  readonly npmRegistry?: string | undefined
}

/** How ipfsup came here, and its renewal by npm. */
export function ownInstall ({ script, env, execPath, npmRegistry }: OwnInstallInput): Pick<Setup, 'ownInstall' | 'updateSelf'> {
  const find: Setup['ownInstall'] = async () => {
    const folder = path.dirname(path.dirname(await realpath(script).catch(() => script)))
    const prefix = /^(.*)\/lib\/node_modules\/ipfsup$/s.exec(folder)?.[1]
    return prefix === undefined ? { kind: 'other', folder } : { kind: 'npm-global', prefix: prefix || '/' }
  }
  return {
    ownInstall: find,
    updateSelf: async signal => {
      const own = await find()
      if (own.kind === 'other') throw new AppError('SELF_NOT_NPM', `this ipfsup, in ${own.folder}, was not installed by 'npm install --global'`, { exit: 'refused', hints: ['update it the way it was installed'] })
      const args = ['install', '--global', '--prefix', own.prefix, '--no-fund', '--no-audit', ...npmRegistry === undefined ? [] : ['--registry', npmRegistry], `${NAME}@latest`]
      // npm is a script of node's: the node that runs us will do where the PATH has none.
      await runNpm(args, { ...env, PATH: `${env['PATH'] ?? ''}:${path.dirname(execPath)}` }, signal)
      const manifest = JSON.parse(await readFile(path.join(own.prefix, 'lib/node_modules', NAME, 'package.json'), 'utf8')) as { version: string }
      return manifest.version
    },
  }
}

async function runNpm (args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile('npm', args, { env, signal, maxBuffer: MAX_TALK_BYTES }, (error, _stdout, stderr) => {
      if (error === null) resolve()
      else if (signal.aborted) reject(signal.reason as Error)
      else if (codeOf(error) === 'ENOENT') reject(new AppError('NPM_MISSING', 'there is no npm in the PATH', { exit: 'failed', cause: error, hints: ['it comes with Node.js: nodejs.org', `or renew ${NAME} the way it was installed`] }))
      else reject(new AppError('NPM_FAILED', `npm could not install ${NAME}: ${reasonOf(stderr) ?? error.message.split('\n')[0]!}`, { exit: 'failed', cause: error, hints: [`see all it says: npm ${args.join(' ')}`] }))
    })
  })
}

/** npm's first line that says why, and no log file or bare code. */
function reasonOf (stderr: string): string | undefined {
  const lines = stderr.split('\n').flatMap(line => /^npm (?:ERR!|error) (.*)$/.exec(line)?.[1] ?? [])
  return lines.find(line => line.trim() !== '' && !/^(code|errno|syscall|path|dest) /.test(line))
}
