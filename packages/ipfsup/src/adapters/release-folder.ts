import { access, constants, lstat, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { makeFolders } from '@ipkit/core/storage/make-folders'
import { diskFs, syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { Clock } from '@ipkit/core/time/clock'
import { decodeReleaseFacts } from '../domain/release-facts.ts'
import type { ReleaseStore } from '../domain/release-store.ts'
import { compareVersions, formatVersion, readVersionName, type Version } from '../domain/version.ts'
import { checkOwnReleases } from './own-releases.ts'
import { treeSize } from './release-tree.ts'

const FACTS = 'release.json'
/** More are not told of one release. */
const MAX_FAULTS = 20

export interface ReleaseFolder {
  /** `$IPFS_PATH/releases`; made when something is written. */
  readonly folder: string
  /** `linux-amd64` */
  readonly architecture: string
  readonly euid: number
  readonly clock: Clock
  /** For what is published; a test puts a failing disk here. */
  readonly fs?: StorageFs
}

/** Releases below `$IPFS_PATH/releases`. docs/formats/ipfsup.md, "Beside the repo". All of it throws RELEASES_NOT_OURS (exit refused) where that is somebody else's. */
export function releaseFolder ({ folder, architecture, euid, clock, fs = diskFs }: ReleaseFolder): ReleaseStore {
  const nameOf = (version: Version): string => `${formatVersion(version)}-${architecture}`
  const homeOf = (version: Version): string => path.join(folder, formatVersion(version), architecture)
  const inFolder = async (kind: '.locks' | '.partial' | '.staging', name: string): Promise<string> => {
    await checkOwnReleases(folder, euid)
    await makeFolder(path.join(folder, kind))
    await checkOwnReleases(folder, euid) // somebody may have made it just before us
    return path.join(folder, kind, name)
  }
  // LevelDB, hash functions and the like: no reader waits for them.
  const locks = async (): Promise<typeof import('@ipkit/core/storage/folder-lock')> => await import('@ipkit/core/storage/folder-lock')
  const sealing = async (): Promise<typeof import('./sealed-release.ts')> => await import('./sealed-release.ts')
  const newStaging = async (name: string): Promise<string> => await inFolder('.staging', `${name}-${process.getBuiltinModule('node:crypto').randomBytes(6).toString('hex')}`)
  const leftovers = async (kind: '.partial' | '.staging'): Promise<Array<{ readonly name: string, readonly file: string }>> =>
    (await namesIn(path.join(folder, kind))).map(file => ({ name: file.replace(kind === '.staging' ? /-[0-9a-f]{12}$/ : /\.part(?:\.json)?$/, ''), file: path.join(folder, kind, file) }))
  /** The caller has the version's lock. */
  const drop = async (kind: '.partial' | '.staging', wanted: string): Promise<void> => {
    for (const { name, file } of await leftovers(kind)) if (name === wanted) await rm(file, { recursive: true, force: true })
  }

  /** One rename. What was there before, damaged, goes out of the way first: between the two there is nothing to run. */
  const makeVisible = async (temp: string, version: Version): Promise<void> => {
    const home = homeOf(version)
    const parent = path.dirname(home)
    await makeFolder(parent)
    if (await lstat(home).catch(() => undefined) !== undefined) await fs.rename(home, await newStaging(nameOf(version)))
    await fs.rename(temp, home)
    await syncFolder(fs, parent)
    await syncFolder(fs, folder)
  }

  const find: ReleaseStore['find'] = async version => {
    await checkOwnReleases(folder, euid)
    const home = homeOf(version)
    try {
      const { facts } = decodeReleaseFacts(await readFile(path.join(home, FACTS), 'utf8'), path.join(home, FACTS))
      await access(path.join(home, 'ipfs'), constants.X_OK)
      if (formatVersion(facts.version) !== formatVersion(version) || facts.architecture !== architecture) return undefined
      return { ...facts, path: home, program: path.join(home, 'ipfs') }
    } catch (e) {
      if (['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'RELEASE_DAMAGED'].includes(codeOf(e) ?? '')) return undefined // installing it anew mends it
      throw e
    }
  }

  return {
    find,
    async list () {
      await checkOwnReleases(folder, euid)
      const versions = (await namesIn(folder)).map(readVersionName).filter(version => version !== undefined)
      const found = await Promise.all(versions.toSorted(compareVersions).map(find))
      return found.filter(release => release !== undefined)
    },
    sizeBytes: async release => await treeSize(release.path),
    locked: async (version, onWait, signal, work) => await (await locks()).withFolderLock(await inFolder('.locks', nameOf(version)), { onWait, signal, clock }, work),
    partFile: async version => await inFolder('.partial', `${nameOf(version)}.part`),
    async publish (version, fill) {
      const name = nameOf(version)
      await drop('.staging', name)
      const temp = await newStaging(name)
      try {
        await fs.mkdir(temp, { mode: 0o755 })
        const facts = await fill(temp)
        await (await sealing()).sealRelease(fs, temp, facts)
        await makeVisible(temp, version)
        await drop('.partial', name)
        return { ...facts, path: homeOf(version), program: path.join(homeOf(version), 'ipfs') }
      } catch (e) {
        throw fileError(e, homeOf(version), 'write')
      } finally {
        await drop('.staging', name).catch(() => {}) // what failed before it tells more
      }
    },
    async remove (release) {
      const name = nameOf(release.version)
      const lock = await (await locks()).takeFolderLock(await inFolder('.locks', name))
      if (lock === undefined) throw new AppError('RELEASE_IN_USE', `${formatVersion(release.version)} is just being installed by another ipfsup`, { exit: 'busy', hints: ['wait until it is done and try again'] })
      try {
        const [pid] = await (await import('./running-from.ts')).runningFrom(release.path)
        if (pid !== undefined) throw new AppError('RELEASE_IN_USE', `${formatVersion(release.version)} is running, as process ${pid}`, { exit: 'busy', hints: ["stop it first; a daemon with 'ipfs shutdown'"] })
        await fs.rename(release.path, await newStaging(name)) // gone at once, however long it takes to remove
        await syncFolder(fs, path.dirname(release.path))
        await drop('.staging', name)
        await rmdir(path.dirname(release.path)).catch(() => {}) // it may hold another architecture
      } catch (e) {
        throw fileError(e, release.path, 'write')
      } finally {
        await lock.release()
      }
    },
    verify: async (release, signal) => (await (await sealing()).faultsOf(release.path, signal)).slice(0, MAX_FAULTS),
    async clean (dryRun) {
      await checkOwnReleases(folder, euid)
      const cleaned: Array<{ path: string, sizeBytes: number }> = []
      for (const { name, file } of [...await leftovers('.partial'), ...await leftovers('.staging')]) {
        const lock = await (await locks()).takeFolderLock(await inFolder('.locks', name))
        if (lock === undefined) continue // somebody works on it
        try {
          const facts = await lstat(file).catch(() => undefined)
          if (facts === undefined) continue
          if (!file.endsWith('.part.json')) cleaned.push({ path: file, sizeBytes: facts.isDirectory() ? await treeSize(file) : facts.size })
          if (!dryRun) await rm(file, { recursive: true, force: true })
        } finally {
          await lock.release()
        }
      }
      return cleaned
    },
  }
}

async function makeFolder (dir: string): Promise<void> {
  try { await makeFolders(dir, 0o755) } catch (e) { throw fileError(e, dir, 'write') }
}

async function namesIn (folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted()
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return []
    throw fileError(e, folder, 'read')
  }
}
