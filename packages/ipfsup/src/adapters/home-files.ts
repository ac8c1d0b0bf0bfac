import { readFile, mkdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { diskFs, syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { Clock } from '@ipkit/core/time/clock'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { mendHistory } from '../domain/default-history.ts'
import { decodeChecked, decodeHistory, decodeLatest, encodeChecked, encodeHistory, encodeLatest, type LatestFile, type LatestKey } from '../domain/home-codecs.ts'
import type { HomeState } from '../domain/home-state.ts'
import { addLocked, decodeLockFile, encodeLockFile, lockKey, type LockFile } from '../domain/lock-file.ts'
import { encodeSettings } from '../domain/settings.ts'
import { formatVersion, readVersionName, type Lang, type Version } from '../domain/version.ts'
import { readSettingsFile } from './home-settings.ts'
import { homeOverrides } from './home-overrides.ts'
import { checkOwnHome, ensureOwnHome } from './own-home.ts'

export interface HomeFiles {
  /** `$IPFSUP_HOME`; made (0700) by the first write. */
  readonly home: string
  readonly euid: number
  readonly clock: Clock
  /** Called when another ipfsup changes the default, or a file, just now. */
  readonly onWait?: () => void
  readonly fs?: StorageFs
}

/** What ipfsup remembers, in files of its home: docs/formats/ipfsup.md. @throws AppError HOME_NOT_OURS, HOME_TOO_OPEN, HOME_NOT_DIRECTORY */
export async function homeFiles ({ home, euid, clock, onWait = () => {}, fs = diskFs }: HomeFiles): Promise<HomeState> {
  await checkOwnHome(home, euid)
  const at = (...names: string[]): string => path.join(home, ...names)
  const overrides = homeOverrides(at('overrides'))
  const key = (lang: Lang, pre: boolean): LatestKey => pre ? `${lang}Pre` : lang

  const read = async (...names: string[]): Promise<string | undefined> => {
    try {
      return await readFile(at(...names), 'utf8')
    } catch (e) {
      if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return undefined
      throw fileError(e, at(...names), 'read')
    }
  }
  const write = async (text: string, ...names: string[]): Promise<void> => {
    await ensureOwnHome(home, euid)
    const file = at(...names)
    try {
      if (names.length > 1) await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
      await atomicWrite(file, new TextEncoder().encode(text), 0o600, fs)
    } catch (e) {
      throw fileError(e, file, 'write')
    }
  }
  const remove = async (name: string): Promise<void> => {
    try {
      await unlink(at(name))
      await syncFolder(fs, home)
    } catch (e) {
      if (codeOf(e) !== 'ENOENT') throw fileError(e, at(name), 'write')
    }
  }
  /** Two locks: whoever has the one on the default may still write files. */
  const withLock = async <T>(name: '.lock' | '.write', signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    await ensureOwnHome(home, euid)
    const { withFolderLock } = await import('@ipkit/core/storage/folder-lock') // brings LevelDB with it, which no reader waits for
    return await withFolderLock(at(name), { onWait, signal, clock }, work)
  }
  /** For files of which one entry is changed: what another process adds meanwhile must not be lost. */
  const changing = async <T>(work: () => Promise<T>): Promise<T> => await withLock('.write', new AbortController().signal, work)

  const readVersion = async (code: string, ...names: string[]): Promise<Version | undefined> => {
    const text = await read(...names)
    if (text === undefined) return undefined
    const version = readVersionName(text.trim())
    if (version !== undefined) return version
    throw new AppError(code, `${at(...names)} holds '${stripControl(text.slice(0, 64).trim())}', which is no version`, { exit: 'refused', hints: ["set it anew: 'ipfsup default <version>'"] })
  }
  const present = async (): Promise<Version | undefined> => await readVersion('DEFAULT_DAMAGED', 'default')
  const readLocked = async (): Promise<LockFile> => {
    const text = await read('releases.lock.json')
    return text === undefined ? new Map() : decodeLockFile(text, at('releases.lock.json'))
  }
  const readLatest = async (): Promise<LatestFile> => {
    const text = await read('latest.json')
    return text === undefined ? {} : decodeLatest(text, at('latest.json'))
  }

  return {
    default: present,
    async history () {
      const text = await read('history.json')
      const now = await present().catch((e: unknown) => { if (codeOf(e) !== 'DEFAULT_DAMAGED') throw e; return undefined }) // what is known of earlier ones is still right
      return mendHistory(text === undefined ? [] : decodeHistory(text, at('history.json')), now)
    },
    async setDefault (version, history) {
      await write(encodeHistory(history), 'history.json')
      if (version === undefined) await remove('default')
      else await write(`${formatVersion(version)}\n`, 'default')
    },
    alias: async lang => await readVersion('DEFAULT_DAMAGED', 'aliases', `${lang}-latest`),
    async setAlias (lang, version) { await write(`${formatVersion(version)}\n`, 'aliases', `${lang}-latest`) },
    latest: async (lang, pre) => (await readLatest())[key(lang, pre)],
    async setLatest (lang, pre, seen) {
      await changing(async () => { await write(encodeLatest({ ...await readLatest(), [key(lang, pre)]: seen }), 'latest.json') })
    },
    override: async folder => await overrides.of(folder),
    async setOverride (folder, version) {
      await ensureOwnHome(home, euid)
      await overrides.set(folder, version)
    },
    overrides: async () => await overrides.all(),
    lockedHash: async (version, architecture) => (await readLocked()).get(lockKey(version, architecture)),
    async lockHash (version, architecture, hash) {
      await changing(async () => {
        const added = addLocked(await readLocked(), lockKey(version, architecture), hash, at('releases.lock.json'))
        if (added !== undefined) await write(encodeLockFile(added), 'releases.lock.json')
      })
    },
    locked: async (signal, work) => await withLock('.lock', signal, work),
    left: async () => await readVersion('DEFAULT_DAMAGED', 'left'),
    async setLeft (version) {
      if (version === undefined) await remove('left')
      else await write(`${formatVersion(version)}\n`, 'left')
    },
    auto: async () => (await readSettingsFile(home)).auto ?? false,
    async setAuto (on) {
      await changing(async () => { await write(encodeSettings({ ...await readSettingsFile(home), auto: on }), 'config.json') })
    },
    async checkedMs () {
      const text = await read('auto.json')
      return text === undefined ? undefined : decodeChecked(text, at('auto.json'))
    },
    async setCheckedMs (ms) { await write(encodeChecked(ms), 'auto.json') },
    async setNotice (text) {
      if (text === undefined) await remove('notice')
      else await write(`${stripControl(text.replaceAll(/\s+/g, ' ')).trim()}\n`, 'notice')
    },
  }
}
