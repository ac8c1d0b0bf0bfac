import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError } from '@ipkit/core/errors/app-error'
import { fileError } from '@ipkit/core/errors/file-error'
import { runServiceManager, type RunServiceManager } from '@ipkit/core/service-manager/run-service-manager'
import { agentFolder, unitFolder } from '@ipkit/core/service-manager/unit-folder'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import type { Clock } from '@ipkit/core/time/clock'
import { launchdSchedule, systemdSchedule, type AutoRun, type AutoSchedule } from '../domain/auto-schedule.ts'
import { isDue } from '../domain/auto-update.ts'
import type { Auto } from '../domain/auto.ts'
import type { HomeState } from '../domain/home-state.ts'
import type { Place } from '../domain/place.ts'

export interface MachineAutoInput {
  readonly place: Place
  readonly state: Pick<HomeState, 'auto' | 'checkedMs'>
  readonly clock: Pick<Clock, 'now'>
  readonly host: HostFacts
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute path of ipfsup's own start. */
  readonly script: string
  /** Asks the service manager; a test records instead. */
  readonly run?: RunServiceManager
}

/** The user's own scheduler: systemd's timers, or launchd on macOS. */
export function machineAuto (input: MachineAutoInput): Auto {
  const { place, state, clock, host, env, script, run = runServiceManager } = input
  const told = async (commands: AutoSchedule['enable']): Promise<boolean> => {
    for (const command of commands) if (await run(command) !== 'ok') return false
    return true
  }
  const turnOff = async (plan: AutoSchedule): Promise<void> => {
    await told(plan.disable)
    for (const { file } of plan.files) await nodeFs.rm(file, { force: true }).catch((e: unknown) => { throw fileError(e, file, 'write') })
    await told(plan.afterwards)
  }
  const scheduled: Auto['scheduled'] = async () => {
    const { scheduler, file } = planFor(input)
    return await nodeFs.stat(file).then(() => ({ scheduler, file }), () => undefined)
  }
  return {
    scheduled,
    schedule: async on => {
      const plan = planFor(input)
      const { scheduler, file } = plan
      if (!on) {
        if (await scheduled() === undefined) return undefined
        await turnOff(plan)
        return { scheduler, file }
      }
      for (const unit of plan.files) await writeUnit(unit.file, unit.content)
      if (host.platform === 'darwin') await told(plan.disable) // launchd takes no second one
      if (await told(plan.enable)) return { scheduler, file }
      await turnOff(plan) // a file that nobody reads would look as if it were on
      return undefined
    },
    runBehind: async () => {
      if (!await state.auto() || !isDue(await state.checkedMs(), clock.now())) return
      const child = spawn(host.execPath, [script, 'auto', 'run'], { cwd: place.home, env: { ...env, IPFSUP_HOME: place.home, IPFS_PATH: place.ipfsPath }, detached: true, stdio: 'ignore' })
      child.on('error', () => {}) // there will be another day
      child.unref()
    },
  }
}

async function writeUnit (file: string, content: string): Promise<void> {
  try {
    await nodeFs.mkdir(path.dirname(file), { recursive: true })
    await atomicWrite(file, Buffer.from(content), 0o644)
  } catch (e) { throw fileError(e, file, 'write') }
}

function planFor ({ place, host, env, script }: MachineAutoInput): AutoSchedule {
  const run: AutoRun = { node: host.execPath, script, home: place.home, ipfsPath: place.ipfsPath }
  if (Object.values(run).some(word => /[\n\r]/u.test(word as string))) throw new AppError('HOME_UNUSABLE', 'a path with a line end in it cannot be started by the system', { exit: 'usage' })
  const user = env['HOME'] || host.userHome
  if (user === undefined) throw new AppError('HOME_UNKNOWN', 'this user has no home directory to put the timer in', { exit: 'usage', hints: ['set HOME'] })
  // The usual home has the plain name; any other gets a mark of its path.
  const mark = place.home === path.join(user, '.ipfsup') ? '' : `-${createHash('sha256').update(place.home).digest('hex').slice(0, 8)}`
  return host.platform === 'darwin'
    ? launchdSchedule(run, agentFolder(user), `io.ipkit.ipfsup-auto${mark}`, host.euid)
    : systemdSchedule(run, unitFolder(env, user), `ipfsup-auto${mark}`)
}
