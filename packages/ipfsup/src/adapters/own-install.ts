import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import type { Setup } from '../domain/setup.ts'
import { findNpm, runNpm } from './npm-program.ts'

const NAME = 'ipfsup'

export interface OwnInstallInput {
  /** Absolute path of ipfsup's own start, `<package>/bin/ipfsup.js`. */
  readonly script: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The Node.js binary that runs us. */
  readonly execPath: string
  /** undefined: npm's own setting. */
  readonly npmRegistry?: string | undefined
  /** What npm says, line by line. */
  log(line: string): void
}

/** How ipfsup came here, and its renewal by npm. */
export function ownInstall ({ script, env, execPath, npmRegistry, log }: OwnInstallInput): Pick<Setup, 'ownInstall' | 'updateSelf'> {
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
      // Scripts of packages ask for node: the one that runs us will do where PATH has none.
      const searchPath = [env['PATH'] ?? '', path.dirname(execPath)].filter(folders => folders !== '').join(path.delimiter)
      await runNpm({ npm: findNpm(execPath, env), node: execPath, env: { ...env, PATH: searchPath } }, args, own.prefix, log, signal)
      const manifest = JSON.parse(await readFile(path.join(own.prefix, 'lib/node_modules', NAME, 'package.json'), 'utf8')) as { version: string }
      return manifest.version
    },
  }
}
