/** Installs js-ipfs with npm, by the lock file that ipfsup ships: each package is checked against its hash in there, whichever registry gives it. */
import { chmod, copyFile, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileError } from '@ipkit/core/errors/file-error'
import { isDispensable, JS_PACKAGE, jsLauncher, lockFolder, readNpmLock } from '../domain/js-release.ts'
import type { Version } from '../domain/version.ts'
import { runNpm, type NpmProgram } from './npm-program.ts'

export interface NpmReleaseDeps extends NpmProgram {
  /** `IPFSUP_NPM_REGISTRY`; undefined: as npm is set. */
  readonly registry: string | undefined
  /** Has `js-<semver>/package.json` and `package-lock.json`. */
  readonly dataFolder: string
  /** What npm says, line by line. */
  log(line: string): void
}

export interface NpmRelease {
  /**
   * Leaves `ipfs`, `package.json`, `package-lock.json` and `node_modules` in an empty folder. @param onProgress counts packages as they come; what npm has in its cache is not counted
   * @returns what `release.json` says of it @throws AppError VERSION_UNKNOWN (exit notFound), NPM_MISSING, NPM_FAILED, DISK_FULL, FILE_NOT_WRITABLE; the signal's reason
   */
  fill(version: Version, folder: string, signal: AbortSignal, onProgress: (packages: number, of: number) => void): Promise<{ readonly sha512: string, readonly origin: string }>
}

/** What the user's own settings of npm say otherwise does not fit an install by a lock file into a folder. Nothing of what is installed is run, and no links are made. */
const FLAGS = ['--ignore-scripts', '--omit=dev', '--omit=optional', '--include=prod', '--no-bin-links', '--no-global', '--no-dry-run', '--no-audit', '--no-fund', '--no-update-notifier', '--no-workspaces', '--install-strategy=hoisted',
  '--fetch-retries=3', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=10000', '--loglevel=http', '--color=false', '--progress=false']

export function npmRelease (deps: NpmReleaseDeps): NpmRelease {
  return {
    async fill (version, folder, signal, onProgress) {
      const data = path.join(deps.dataFolder, lockFolder(version))
      const lock = readNpmLock(JSON.parse(await readFile(path.join(data, 'package-lock.json'), 'utf8')))
      const program = path.join(folder, 'ipfs')
      try {
        for (const name of ['package.json', 'package-lock.json']) await copyFile(path.join(data, name), path.join(folder, name))
        let packages = 0
        await runNpm(deps, ['ci', ...FLAGS, ...deps.registry === undefined ? [] : [`--registry=${deps.registry}`]], folder, line => {
          deps.log(line)
          if (/^npm http fetch GET 200 \S+\.tgz\b/.test(line)) onProgress(Math.min(++packages, lock.packages), lock.packages)
        }, signal)
        await prune(path.join(folder, 'node_modules'), signal)
        await writeFile(program, jsLauncher(version, deps.node), { flag: 'wx' })
        await chmod(program, 0o755)
      } catch (e) {
        throw fileError(e, program, 'write')
      }
      return { sha512: lock.sha512, origin: JS_PACKAGE }
    },
  }
}

async function prune (folder: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) await prune(file, signal)
    else if (entry.name === '.package-lock.json') await rm(file) // npm's own note; it says where each package came from
    else if (isDispensable(entry.name)) await unlink(file)
  }
}
