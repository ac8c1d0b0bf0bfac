import type { InstalledRelease, ReleaseFacts, ReleaseStore } from '../src/domain/release-store.ts'
import { formatVersion } from '../src/domain/version.ts'

export interface MemoryReleases extends ReleaseStore {
  /** By version. */
  readonly installed: Map<string, InstalledRelease>
  /** What `verify` tells, by version. */
  readonly faults: Map<string, readonly string[]>
}

/** A store without a disk: one lock a version, a release appears when `fill` has returned. */
export function memoryReleases (): MemoryReleases {
  const installed = new Map<string, InstalledRelease>()
  const faults = new Map<string, readonly string[]>()
  const busy = new Map<string, Promise<unknown>>()
  return {
    installed,
    faults,
    list: async () => [...installed.values()],
    find: async version => installed.get(formatVersion(version)),
    sizeBytes: async () => 1,
    async locked (version, onWait, signal, work) {
      const name = formatVersion(version)
      const before = busy.get(name)
      const mine = (async () => {
        await before?.catch(() => {})
        signal.throwIfAborted()
        return await work()
      })()
      busy.set(name, mine)
      if (before !== undefined) onWait()
      return await mine
    },
    partFile: async version => `/parts/${formatVersion(version)}.part`,
    async publish (version, fill) {
      const name = formatVersion(version)
      const facts: ReleaseFacts = await fill(`/staging/${name}`)
      const release = { ...facts, path: `/releases/${name}`, program: `/releases/${name}/ipfs` }
      installed.set(name, release)
      faults.delete(name)
      return release
    },
    async remove (release) { installed.delete(formatVersion(release.version)) },
    verify: async release => faults.get(formatVersion(release.version)) ?? [],
    clean: async () => [],
  }
}
