import { appPaths, type AppPaths } from '@ipkit/core/config/app-paths'
import { processFacts } from '@ipkit/core/cli/process-facts'
import type { Io } from '@ipkit/core/cli/io'
import type { BuiltTool } from '@ipkit/core/cli/shared-node-door'
import type { BurnDeps } from '../commands/deps.ts'

/** What the commands get outside of tests. */
export function realDeps (tool: BuiltTool): BurnDeps {
  const host = processFacts()
  const pathsOf = (io: Io): AppPaths => appPaths({ home: io.flags.home, env: io.env, cwd: io.cwd, host })
  return {
    bulkCrypto: async () => (await import('./node-bulk-crypto.ts')).nodeBulkCrypto,
    argon2id: async () => (await import('./wasm-argon2id.ts')).wasmArgon2id,
    async peerId (io, peer) {
      const [{ readContacts }, { resolvePeer }] = await Promise.all([import('@ipkit/core/identity/contacts-file'), import('@ipkit/core/identity/contacts')])
      return resolvePeer(await readContacts(pathsOf(io).contacts), peer).peerId
    },
    async readSecret (io, file, maxBytes) { return await (await import('./secret-file.ts')).readSecretFile(io.cwd, file, maxBytes) },
    nodeControl: async io => await (await import('@ipkit/core/cli/node-control')).nodeControl(tool, io),
  }
}
