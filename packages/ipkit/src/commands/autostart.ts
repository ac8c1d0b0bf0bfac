import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import type { Autostart } from '../domain/autostart.ts'
import type { IpkitDeps } from './deps.ts'

/** `ipkit autostart [on|off]` */
export async function autostart (deps: IpkitDeps, io: Io, args: { readonly state: 'on' | 'off' | undefined }): Promise<Outcome> {
  const system = await deps.autostart(io)
  const { file, manager } = system.plan
  const before = await system.current()
  switch (args.state) {
    case undefined: {
      const outdated = before !== undefined && before !== system.plan.content
      if (outdated) io.report.warn('AUTOSTART_OUTDATED', `${file} was written for another version or place; write it anew: 'ipkit autostart on'`)
      return document({ on: before !== undefined, manager, file, outdated }, before === undefined ? 'off: the node does not come back after a reboot' : `on: ${file}`)
    }
    case 'on': {
      await system.write()
      const done = await runAll(io, system, system.plan.enable)
      if (manager === 'systemd') io.report.note("to have it started before you log in: 'loginctl enable-linger'")
      return document({ on: true, manager, file, outdated: false }, `on: ${file}`, done ? 'ok' : 'partial')
    }
    case 'off': {
      if (before === undefined) return document({ on: false, manager, file, outdated: false }, 'off, as it was')
      const disabled = await runAll(io, system, system.plan.disable)
      await system.remove()
      const done = await runAll(io, system, system.plan.afterwards) && disabled
      return document({ on: false, manager, file, outdated: false }, 'off: the node does not come back after a reboot', done ? 'ok' : 'partial')
    }
  }
}

/** @returns false when the file stands, but the service manager was not told of it */
async function runAll (io: Io, system: Autostart, commands: ReadonlyArray<readonly string[]>): Promise<boolean> {
  for (const command of commands) {
    const result = await system.run(command)
    if (result === 'ok') continue
    const line = command.join(' ')
    if (result === 'missing') io.report.warn('NO_SERVICE_MANAGER', `there is no ${command[0]!} here; where there is one, run: ${line}`)
    else io.report.warn('SERVICE_MANAGER_FAILED', `'${line}' failed: ${result.failed}`)
    return false
  }
  return true
}
