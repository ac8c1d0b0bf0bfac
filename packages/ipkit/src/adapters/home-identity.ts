import type { AppPaths } from '@ipkit/core/config/app-paths'
import { checkHome, ensureHome } from '@ipkit/core/config/home-check'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { inspectKey } from '@ipkit/core/identity/key-file'
import { changeHomePassphrase } from '@ipkit/core/identity/keychain'
import type { HomeIdentity } from '../domain/home-identity.ts'

/** The key in the home's identity.key, and the passphrase that named keys are under too. */
export function homeIdentity (paths: AppPaths, host: HostFacts, randomBytes: (sizeBytes: number) => Uint8Array): HomeIdentity {
  return {
    inspect: async () => {
      checkHome(paths, host)
      const key = await inspectKey(paths.identityKey)
      return key === undefined ? undefined : { peerId: key.peerId, sealed: key.sealed }
    },
    changePassphrase: async (next, current) => {
      ensureHome(paths, host)
      await changeHomePassphrase(paths, next, { randomBytes, passphrase: current })
    },
  }
}
