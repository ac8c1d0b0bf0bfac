import process from 'node:process'
import type { Io } from '@ipkit/core/cli/io'
import { processFacts } from '@ipkit/core/cli/process-facts'
import type { BuiltTool } from '@ipkit/core/cli/shared-node-door'
import { appPaths } from '@ipkit/core/config/app-paths'
import type { ResolvedPeer } from '@ipkit/core/identity/contacts'
import type { SyncCliDeps } from '../commands/deps.ts'

/** What the commands get outside of tests. */
export function realDeps (tool: BuiltTool): SyncCliDeps {
  const resolve = async (io: Io, peer: string): Promise<ResolvedPeer> => {
    const { contacts } = appPaths({ home: io.flags.home, env: io.env, cwd: io.cwd, host: processFacts() })
    const [{ readContacts }, { resolvePeer }] = await Promise.all([import('@ipkit/core/identity/contacts-file'), import('@ipkit/core/identity/contacts')])
    return resolvePeer(await readContacts(contacts), peer)
  }
  return {
    async addressesOf (io, peer) {
      const { addresses, peerId } = await resolve(io, peer)
      return addresses.length > 0 || peerId === undefined ? addresses : [peerId]
    },
    peerIdOf: async (io, peer) => (await resolve(io, peer)).peerId,
    umask () {
      const mask = process.umask(0o77) // there is no way to read it alone; this process has no other thread that makes files
      process.umask(mask)
      return mask
    },
    nodeControl: async io => await (await import('@ipkit/core/cli/node-control')).nodeControl(tool, io),
  }
}
