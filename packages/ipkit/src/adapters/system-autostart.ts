import { createHash } from 'node:crypto'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { appPaths, type AppPaths } from '@ipkit/core/config/app-paths'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { runServiceManager } from '@ipkit/core/service-manager/run-service-manager'
import { agentFolder, unitFolder } from '@ipkit/core/service-manager/unit-folder'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { launchdPlan, systemdPlan, type Autostart, type AutostartPlan } from '../domain/autostart.ts'

export interface SystemAutostartInput {
  readonly paths: AppPaths
  readonly host: HostFacts
  readonly env: Readonly<Record<string, string | undefined>>
  readonly nodeMain: string
  /** Runs a program; a test records instead. */
  readonly run?: Autostart['run']
}

/** The user's own service manager: systemd, or launchd on macOS. */
export function systemAutostart (input: SystemAutostartInput): Autostart {
  const plan = planFor(input)
  return {
    plan,
    current: async () => await nodeFs.readFile(plan.file, 'utf8').catch((e: unknown) => { if (codeOf(e) === 'ENOENT') return undefined; throw fileError(e, plan.file, 'read') }),
    write: async () => {
      try {
        await nodeFs.mkdir(path.dirname(plan.file), { recursive: true })
        await atomicWrite(plan.file, Buffer.from(plan.content), 0o644)
      } catch (e) { throw fileError(e, plan.file, 'write') }
    },
    remove: async () => { await nodeFs.rm(plan.file, { force: true }) },
    run: input.run ?? runServiceManager,
  }
}

function planFor ({ paths, host, env, nodeMain }: SystemAutostartInput): AutostartPlan {
  const passphraseFile = env['IPKIT_PASSPHRASE_FILE'] === undefined || env['IPKIT_PASSPHRASE_FILE'] === '' ? undefined : path.resolve(env['IPKIT_PASSPHRASE_FILE'])
  const node = { execPath: host.execPath, nodeMain, home: paths.home, passphraseFile }
  if ([node.execPath, node.nodeMain, node.home, passphraseFile ?? ''].some(word => /[\n\r]/u.test(word))) throw new AppError('HOME_UNUSABLE', 'a path with a line end in it cannot be started by the system', { exit: 'usage' })
  // The platform's own home has the plain name; any other gets a mark of its path.
  const { IPKIT_HOME: _ours, ...others } = env
  const usual = appPaths({ env: others, cwd: '/', host }).home === paths.home
  const mark = usual ? '' : `-${createHash('sha256').update(paths.home).digest('hex').slice(0, 8)}`
  const user = env['HOME'] ?? host.userHome
  if (user === undefined) throw new AppError('HOME_UNKNOWN', 'this user has no home directory to put the start-up file in', { exit: 'usage', hints: ['set HOME'] })
  if (host.platform === 'darwin') return launchdPlan(node, agentFolder(user), `io.ipkit.node${mark}`, host.euid)
  return systemdPlan(node, unitFolder(env, user), `ipkit${mark}`)
}
