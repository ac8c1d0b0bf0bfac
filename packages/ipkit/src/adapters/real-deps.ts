import { appPaths, type AppPaths } from '@ipkit/core/config/app-paths'
import { processFacts } from '@ipkit/core/cli/process-facts'
import type { Io } from '@ipkit/core/cli/io'
import { openSharedNode, sharedNodeInput, type BuiltTool } from '@ipkit/core/cli/shared-node-door'
import type { IpkitDeps } from '../commands/deps.ts'

/** What the commands get outside of tests. */
export function realDeps (tool: BuiltTool): IpkitDeps {
  const host = processFacts()
  const pathsOf = (io: Io): AppPaths => appPaths({ home: io.flags.home, env: io.env, cwd: io.cwd, host })
  return {
    node: async io => {
      const { sharedNodeControl } = await import('./shared-node-control.ts')
      return sharedNodeControl(await openSharedNode(tool, io), sharedNodeInput(tool, io), io)
    },
    settings: async io => (await import('./home-settings.ts')).homeSettings(pathsOf(io), host, io.env),
    contacts: async io => (await import('./home-contacts.ts')).homeContacts(pathsOf(io), host),
    identity: async io => (await import('./home-identity.ts')).homeIdentity(pathsOf(io), host, io.randomBytes),
    log: async io => (await import('./home-log.ts')).homeLog(pathsOf(io).log, io.clock),
    doctor: async io => {
      const { homeDoctor } = await import('./home-doctor.ts')
      return homeDoctor(await openSharedNode(tool, io), sharedNodeInput(tool, io), io)
    },
    autostart: async io => (await import('./system-autostart.ts')).systemAutostart({ paths: pathsOf(io), host, env: io.env, nodeMain: sharedNodeInput(tool, io).nodeMain }),
    backup: async io => (await import('./home-backup-store.ts')).homeBackupStore(pathsOf(io), host),
  }
}
