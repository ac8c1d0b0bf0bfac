import { createHash, randomBytes } from 'node:crypto'
import { access, constants, lstat, mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { diskFs, syncFolder, writeFully, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { Clock } from '@ipkit/core/time/clock'
import { decodeReleaseFacts, encodeReleaseFacts } from '../domain/release-facts.ts'
import type { ReleaseFacts, ReleaseStore } from '../domain/release-store.ts'
import { formatSums, parseSums } from '../domain/sha256-sums.ts'
import { compareVersions, formatVersion, readVersionName, type Version } from '../domain/version.ts'
import { hashTree, strayEntries, syncTree, treeSize } from './release-tree.ts'
import { runningFrom } from './running-from.ts'

const FACTS = 'release.json'
const SUMS = 'SHA256SUMS'
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
  const locks = async (): Promise<typeof import('@ipkit/core/storage/folder-lock')> => await import('@ipkit/core/storage/folder-lock') // brings LevelDB with it, which no reader waits for
  const newStaging = async (name: string): Promise<string> => await inFolder('.staging', `${name}-${randomBytes(6).toString('hex')}`)
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
        await seal(fs, temp, facts)
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
        const [pid] = await runningFrom(release.path)
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
    verify: async (release, signal) => (await faultsOf(release.path, signal)).slice(0, MAX_FAULTS),
    async clean (dryRun) {
      await checkOwnReleases(folder, euid)
      const cleaned: Array<{ path: string, sizeBytes: number }> = []
      for (const { name, file } of [...await leftovers('.partial'), ...await leftovers('.staging')]) {
        const lock = await (await locks()).takeFolderLock(await inFolder('.locks', name))
        if (lock === undefined) continue // somebody works on it
        try {
          const facts = await lstat(file).catch(() => undefined)
          if (facts === undefined) continue
          cleaned.push({ path: file, sizeBytes: facts.isDirectory() ? await treeSize(file) : facts.size })
          if (!dryRun) await rm(file, { recursive: true, force: true })
        } finally {
          await lock.release()
        }
      }
      return cleaned
    },
  }
}

/** The sums of all that is there, then what is known of it; durable before anybody can see it. */
async function seal (fs: StorageFs, temp: string, facts: ReleaseFacts): Promise<void> {
  const [stray] = await strayEntries(temp)
  if (stray !== undefined) throw new AppError('ARCHIVE_REFUSED', `the release holds what it must not: ${stray}`, { exit: 'refused' })
  const [sums] = await Promise.all([hashTree(temp, [FACTS, SUMS]), syncTree(fs, temp)])
  if (!sums.has('ipfs')) throw new AppError('ARCHIVE_REFUSED', "the release has no program 'ipfs'", { exit: 'refused' })
  const list = formatSums(sums)
  await writeNew(fs, path.join(temp, SUMS), list)
  await writeNew(fs, path.join(temp, FACTS), encodeReleaseFacts(facts, sha256(list)))
  await syncFolder(fs, temp)
}

/** What is wrong with a release, in words. */
async function faultsOf (release: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted()
  let expected
  try {
    const { sums } = decodeReleaseFacts(await readFile(path.join(release, FACTS), 'utf8'), FACTS)
    const list = await readFile(path.join(release, SUMS), 'utf8')
    if (sha256(list) !== sums) return [`${SUMS}: is not what ${FACTS} says`]
    expected = parseSums(list)
  } catch (e) {
    return [messageOf(e)]
  }
  if (expected === undefined) return [`${SUMS}: cannot be read`]
  const stray = await strayEntries(release)
  if (stray.length > 0) return stray
  const present = await hashTree(release, [FACTS, SUMS], signal)
  const faults: string[] = []
  for (const [name, hash] of expected) {
    const found = present.get(name)
    if (found !== hash) faults.push(`${name}: ${found === undefined ? 'is missing' : 'was changed'}`)
  }
  for (const name of present.keys()) if (!expected.has(name)) faults.push(`${name}: does not belong to it`)
  await access(path.join(release, 'ipfs'), constants.X_OK).catch(() => { faults.push('ipfs: may not be run') })
  return faults
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function writeNew (fs: StorageFs, file: string, text: string): Promise<void> {
  const handle = await fs.open(file, 'wx', 0o644)
  try {
    await writeFully(handle, new TextEncoder().encode(text), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function makeFolder (dir: string): Promise<void> {
  try { await mkdir(dir, { recursive: true, mode: 0o755 }) } catch (e) { throw fileError(e, dir, 'write') }
}

async function namesIn (folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted()
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return []
    throw fileError(e, folder, 'read')
  }
}
