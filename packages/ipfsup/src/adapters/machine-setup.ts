import { constants } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import type { Place } from '../domain/place.ts'
import { architectureOf } from '../domain/platform.ts'
import type { Setup, SetupPlan } from '../domain/setup.ts'
import { allShellFiles, blockState, shellBlock, shellFiles, shellOf, withBlock, withoutBlock, type Shell, type ShellPlace } from '../domain/shell-block.ts'
import { shimForeign, SHIM_MARK, shimScript } from '../domain/shim-script.ts'
import { ensureOwnHome } from './own-home.ts'
import { ownInstall } from './own-install.ts'
import { readUserFile, writeUserFile } from './user-file.ts'

export interface MachineSetupInput {
  readonly place: Place
  readonly env: Readonly<Record<string, string | undefined>>
  readonly host: HostFacts
  /** Absolute path of ipfsup's own start, `<package>/bin/ipfsup.js`. */
  readonly script: string
  /** undefined: npm's own setting. */
  readonly npmRegistry?: string | undefined
  /** What npm says, line by line. */
  log(line: string): void
  /** The account's login shell, asked where SHELL is not set. */
  readonly loginShell?: () => string | undefined
}

/** All that ipfsup puts into its home (docs/formats/ipfsup.md); what else is in there is not ipfsup's. */
const OWN_FILES = ['default', 'history.json', 'latest.json', 'releases.lock.json', 'config.json', 'auto.json', 'left', 'notice'] as const
const OWN_FOLDERS = ['aliases', 'overrides', '.lock', '.write'] as const
/** What a killed `atomicWrite` leaves. */
const TEMP_FILE = /^\..+\.[0-9a-f]{12}\.tmp$/

/** The shim, the shell's file and npm, for real. */
export function machineSetup (input: MachineSetupInput): Setup {
  const { place, env, host, script, npmRegistry, log, loginShell = accountShell } = input
  const bin = path.join(place.home, 'bin')
  const shim = path.join(bin, 'ipfs')
  const content = (): string => shimScript({ home: place.home, architecture: architectureOf(place.platform), node: host.execPath, script })
  const shellPlace = (): ShellPlace => {
    const userHome = env['HOME'] || host.userHome
    if (userHome === undefined) throw new AppError('HOME_UNKNOWN', "this user has no home directory, so no shell's file", { exit: 'usage', hints: ['set HOME'] })
    return { userHome: path.resolve(userHome), env, platform: host.platform }
  }
  /** A file that cannot be had is no reason to make no shim: it is told by who writes to it. */
  const planBlock = async (shell: Shell, shellFile: string): Promise<Pick<SetupPlan, 'block' | 'blockState'>> => {
    let block = ''
    try {
      block = shellBlock(shell, bin)
      return { block, blockState: blockState((await readUserFile(shellFile, host.euid)).text, latin1(block), shellFile) }
    } catch (e) {
      if (!isAppError(e)) throw e
      return { block, blockState: 'missing' }
    }
  }
  return {
    ...ownInstall({ script, env, execPath: host.execPath, npmRegistry, log }),
    plan: async () => {
      const shell = shellOf(env['SHELL'] || loginShell())
      const shellFile = await firstThere(shellFiles(shell, shellPlace()))
      return { shim, shimState: await shimState(shim, content()), shell, shellFile, ...await planBlock(shell, shellFile), found: await findInPath('ipfs', env['PATH'] ?? '') }
    },
    writeShim: async () => {
      const wanted = content()
      switch (await shimState(shim, wanted)) {
        case 'current': return
        case 'foreign': throw shimForeign(shim)
        case 'missing': case 'outdated':
      }
      await ensureOwnHome(place.home, host.euid)
      try {
        await nodeFs.mkdir(bin, { recursive: true, mode: 0o700 })
        await atomicWrite(shim, Buffer.from(wanted), 0o755)
        await nodeFs.chmod(shim, 0o755) // what the umask took away
      } catch (e) { throw fileError(e, shim, 'write') }
    },
    addToPath: async ({ shell, shellFile }) => {
      const block = latin1(shellBlock(shellOf(shell), bin))
      const found = await readUserFile(shellFile, host.euid)
      const wanted = withBlock(found.text, block, shellFile)
      if (wanted !== found.text) await writeUserFile(found, wanted)
    },
    removeFromPath: async () => {
      const changed: string[] = []
      for (const file of allShellFiles(shellPlace())) {
        const found = await readUserFile(file, host.euid).catch((e: unknown) => { if (['FILE_NOT_OURS', 'FILE_NOT_REGULAR', 'FILE_TOO_LARGE'].includes(codeOf(e) ?? '')) return undefined; throw e })
        if (found?.text === undefined) continue
        const rest = withoutBlock(found.text, file)
        if (rest === found.text) continue
        await writeUserFile(found, rest)
        changed.push(file)
      }
      return changed
    },
    removeHome: async () => {
      try {
        if (await shimState(shim, content()) !== 'foreign') await nodeFs.rm(shim, { force: true })
        for (const name of [...OWN_FILES, ...OWN_FOLDERS]) await nodeFs.rm(path.join(place.home, name), { recursive: true, force: true })
        for (const folder of [bin, place.home]) await removeIfEmpty(folder)
      } catch (e) { throw fileError(e, place.home, 'write') }
    },
  }
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

const accountShell = (): string | undefined => { try { return userInfo().shell ?? undefined } catch { return undefined } }

async function shimState (shim: string, wanted: string): Promise<SetupPlan['shimState']> {
  try {
    const facts = await nodeFs.lstat(shim)
    if (!facts.isFile()) return 'foreign'
    const text = await nodeFs.readFile(shim, 'utf8')
    if (text === wanted) return (facts.mode & 0o777) === 0o755 ? 'current' : 'outdated'
    return text.split('\n', 2)[1] === SHIM_MARK ? 'outdated' : 'foreign'
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return 'missing'
    throw fileError(e, shim, 'read')
  }
}

async function firstThere (files: readonly [string, ...string[]]): Promise<string> {
  for (const file of files) if (await nodeFs.lstat(file).then(() => true, () => false)) return file
  return files[0]
}

/** As a shell finds a command. An empty part of PATH is the working folder, which is no place to look at here. */
async function findInPath (name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(':').filter(part => part.startsWith('/'))) {
    const file = path.join(folder, name)
    if (await nodeFs.access(file, constants.X_OK).then(async () => (await nodeFs.stat(file)).isFile(), () => false)) return file
  }
  return undefined
}

async function removeIfEmpty (folder: string): Promise<void> {
  for (const name of await nodeFs.readdir(folder).catch(() => [])) if (TEMP_FILE.test(name)) await nodeFs.rm(path.join(folder, name), { force: true })
  await nodeFs.rmdir(folder).catch((e: unknown) => { if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(codeOf(e) ?? '')) throw e })
}
