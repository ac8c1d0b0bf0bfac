import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { writeFully, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { systemClock } from '@ipkit/core/time/clock'
import { fakeKubo } from '@ipkit/testkit/releases/fake-kubo'
import { releaseFolder } from '../../src/adapters/release-folder.ts'
import type { InstalledRelease, ReleaseFacts, ReleaseStore } from '../../src/domain/release-store.ts'
import { parseVersion, type Version } from '../../src/domain/version.ts'

export const ARCHITECTURE = 'linux-amd64'

export const storeIn = (folder: string, fs?: StorageFs, euid = process.geteuid!()): ReleaseStore => releaseFolder({ folder, architecture: ARCHITECTURE, euid, clock: systemClock, ...fs === undefined ? {} : { fs } })

export function factsOf (version: Version, repoVersion: number | undefined = 18): ReleaseFacts {
  return { version, architecture: ARCHITECTURE, transport: 'https', origin: 'https://dist.example', sha512: 'a'.repeat(128), cid: undefined, repoVersion, installedMs: Date.UTC(2026, 2, 1) }
}

/** Publishes a program that stands for Kubo, written through `fs` in several pieces. */
export async function publishFake (store: ReleaseStore, fs: StorageFs, text: string, repoVersion = 18): Promise<InstalledRelease> {
  const version = parseVersion(text)
  return await store.publish(version, async folder => {
    await fs.mkdir(path.join(folder, 'docs'), { mode: 0o755 })
    await writeInPieces(fs, path.join(folder, 'docs', 'README.md'), '# about\n')
    await writeInPieces(fs, path.join(folder, 'ipfs'), fakeKubo({ version: version.semver, repoVersion }))
    await chmod(path.join(folder, 'ipfs'), 0o755)
    return factsOf(version, repoVersion)
  })
}

async function writeInPieces (fs: StorageFs, file: string, text: string): Promise<void> {
  const handle = await fs.open(file, 'wx', 0o644)
  const bytes = new TextEncoder().encode(text)
  try {
    for (let at = 0; at < bytes.length; at += 1024) await writeFully(handle, bytes.subarray(at, at + 1024), at)
  } finally {
    await handle.close()
  }
}
