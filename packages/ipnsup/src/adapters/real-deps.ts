import type { Io } from '@ipkit/core/cli/io'
import { processFacts } from '@ipkit/core/cli/process-facts'
import type { BuiltTool } from '@ipkit/core/cli/shared-node-door'
import { appPaths } from '@ipkit/core/config/app-paths'
import type { IpnsupDeps } from '../commands/deps.ts'

/** What the commands get outside of tests. */
export function realDeps (tool: BuiltTool): IpnsupDeps {
  const contactsOf = (io: Io): string => appPaths({ home: io.flags.home, env: io.env, cwd: io.cwd, host: processFacts() }).contacts
  return {
    async addressesOf (io, peer) {
      const [{ readContacts }, { resolvePeer }] = await Promise.all([import('@ipkit/core/identity/contacts-file'), import('@ipkit/core/identity/contacts')])
      const { addresses, peerId } = resolvePeer(await readContacts(contactsOf(io)), peer)
      return addresses.length > 0 || peerId === undefined ? addresses : [peerId]
    },
    publicKeyOf: async seed => new (await import('@ipkit/core/identity/peer-key')).PeerKey(seed).publicKey,
    nodeControl: async io => await (await import('@ipkit/core/cli/node-control')).nodeControl(tool, io),
  }
}
