import { open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { stripControl } from '@ipkit/core/cli/strip-control'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { array, literal, object, string } from '@ipkit/core/schema/schema'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { makeFolders } from '@ipkit/core/storage/make-folders'
import { diskFs, syncFolder } from '@ipkit/core/storage/storage-fs'
import type { Clock } from '@ipkit/core/time/clock'
import { MIGRATION_MS } from '../domain/install-limits.ts'
import type { IpfsRepo } from '../domain/ipfs-repo.ts'
import { readJsonText, toJsonText } from '../domain/json-text.ts'
import { readUpdateVersion, writeUpdateVersion } from '../domain/kubo-config.ts'
import type { Place } from '../domain/place.ts'
import { formatVersion } from '../domain/version.ts'
import { lockHolders } from './lock-holders.ts'
import { lastLines, runQuietly } from './run-quietly.ts'

const MAX_WRITTEN = 64
const mirrorSchema = object({ format: literal(1), versions: array(string({ min: 1, max: 70 }), { max: MAX_WRITTEN }) })
/** What a migration may need of our environment: where it fetches from, when it does. */
const MIGRATION_ENV = ['PATH', 'HOME', 'TMPDIR', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'IPFS_DIST_PATH']

export interface KuboRepo {
  readonly place: Pick<Place, 'ipfsPath' | 'releases'>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly migrationMs?: number
}

/** The repo at `$IPFS_PATH`, in files that Kubo defines: `version`, `config`, `api`, `repo.lock` (kubo, repo/fsrepo). */
export function kuboRepo ({ place: { ipfsPath, releases }, env, clock, migrationMs = MIGRATION_MS }: KuboRepo): IpfsRepo {
  const at = (name: string): string => path.join(ipfsPath, name)
  const mirrorFile = path.join(releases, 'mirror.json')

  const version: IpfsRepo['version'] = async () => {
    const text = await readOr(at('version'))
    if (text === undefined) return undefined
    if (!/^\d{1,4}$/.test(text.trim())) throw new AppError('REPO_UNREADABLE', `${at('version')} holds '${stripControl(text.trim()).slice(0, 40)}', which is no version of a repo`, { hints: ['a Kubo repo has a number there'] })
    return Number(text)
  }

  const busy: IpfsRepo['busy'] = async () => {
    const [pid] = await lockHolders(at('repo.lock'))
    if (pid !== undefined) return `process ${pid} has the lock of ${ipfsPath}`
    const { daemonOf } = await import('./daemon-of.ts') // HTTP; `show` and its like only read `version`
    const api = await daemonOf(ipfsPath)
    return api === undefined ? undefined : `a daemon answers at ${api}`
  }

  /** What ipfsup ever wrote as Update.Version, the last one at the end: a migration down brings an older one back. */
  const written = async (): Promise<readonly string[]> => {
    const text = await readOr(mirrorFile)
    return text === undefined ? [] : readJsonText(text, mirrorSchema, { file: mirrorFile, code: 'MIRROR_DAMAGED', exit: 'refused', hints: ['remove it; it is made anew'] }).versions
  }

  const migrate = async (program: string, toRepoVersion: number, signal?: AbortSignal): Promise<string[]> => {
    const own = Object.fromEntries(MIGRATION_ENV.flatMap(name => env[name] === undefined ? [] : [[name, env[name]]]))
    const ended = await runQuietly(program, ['repo', 'migrate', `--to=${toRepoVersion}`, '--allow-downgrade'], { env: { ...own, IPFS_PATH: ipfsPath }, cwd: ipfsPath, limitMs: migrationMs, ...signal === undefined ? {} : { signal } })
    return ended.exit === 0 && ended.cut === undefined ? [] : [...ended.cut === undefined ? [] : [`it ${ended.cut}`], ...lastLines(ended)].map(stripControl)
  }

  /** As it was: the steps that succeeded are done again in the other direction, and the config gets back what was edited since. */
  const putBack = async (program: string, before: number, config: Buffer | undefined): Promise<boolean> => {
    try {
      if (await version() !== before) await migrate(program, before)
      if (config !== undefined && !(await readFile(at('config'))).equals(config)) await replaceConfig(config)
      return await version() === before
    } catch {
      return false
    }
  }

  /** With the mode and the owner that it has. */
  const replaceConfig = async (bytes: Uint8Array): Promise<void> => {
    const file = await realpath(at('config'))
    const { mode, uid, gid } = await stat(file)
    const temp = path.join(path.dirname(file), `.config.${randomBytes(6).toString('hex')}.tmp`)
    try {
      const handle = await open(temp, 'wx', 0o600)
      try {
        await handle.writeFile(bytes)
        await handle.chmod(mode & 0o7777) // what is asked of open goes through the umask
        if (uid !== process.geteuid?.() || gid !== (await handle.stat()).gid) await handle.chown(uid, gid)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(temp, file)
    } catch (e) {
      await unlink(temp).catch(() => {})
      throw fileError(e, file, 'write')
    }
    await syncFolder(diskFs, path.dirname(file))
  }

  return {
    version,
    busy,
    async migrateDown (newer, toRepoVersion, signal) {
      signal.throwIfAborted()
      const user = await busy() // Kubo's own migrations from version 16 on take no lock
      if (user !== undefined) throw new AppError('REPO_BUSY', `the repo cannot be migrated now: ${user}`, { exit: 'busy', hints: ["stop it first: 'ipfs shutdown'"] })
      const before = await version()
      const config = await readFile(at('config')).catch(() => undefined)
      const failed = (said: readonly string[], cause?: unknown): Promise<never> => putBack(newer.program, before ?? toRepoVersion, config).then(isBack => {
        signal.throwIfAborted()
        throw new AppError('MIGRATION_FAILED', `${formatVersion(newer.version)} could not migrate the repo from version ${before ?? 'none'} to ${toRepoVersion}${said.length === 0 ? '' : `: ${said.at(-1)!}`}`, {
          cause, hints: [...said.slice(0, -1), isBack ? 'the repo is as it was' : `the repo was left in between; its config as it was lies beside it: ls ${at('config.ipfsup-*')}`],
        })
      })
      let said: string[]
      try { said = await migrate(newer.program, toRepoVersion, signal) } catch (e) { return await failed([messageOf(e)], e) }
      if (said.length > 0) return await failed(said)
      const now = await version()
      if (now !== toRepoVersion) return await failed([`it says that it did, but the version is ${now ?? 'gone'}`])
    },
    async backUpConfig () {
      const bytes = await readFile(at('config')).catch((e: unknown) => { if (codeOf(e) !== 'ENOENT') throw fileError(e, at('config'), 'read') })
      if (bytes === undefined) return undefined
      const stamp = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')
      for (let count = 1; ; count++) {
        const copy = at(`config.ipfsup-${stamp}${count === 1 ? '' : `-${count}`}`)
        try {
          const handle = await open(copy, 'wx', 0o600) // it holds the private key, and is of our group, whoever may read the config by its own
          try {
            await handle.writeFile(bytes)
            await handle.sync()
          } finally {
            await handle.close()
          }
        } catch (e) {
          if (codeOf(e) === 'EEXIST') continue
          throw fileError(e, copy, 'write')
        }
        await syncFolder(diskFs, ipfsPath)
        return copy
      }
    },
    async mirror (wanted) {
      const before = await readOr(at('config'))
      if (before === undefined) return 'pending' // made by us it would keep `init` from making one
      const edit = writeUpdateVersion(before, wanted)
      if (edit.kind === 'unclear') return 'edited'
      const known = await written()
      const present = readUpdateVersion(before)
      if (edit.kind === 'changed' && typeof present === 'string' && !known.includes(present)) return 'edited'
      if (edit.kind === 'changed' && await busy() !== undefined) return 'pending'
      await makeFolders(releases, 0o755)
      if (known.at(-1) !== wanted) await atomicWrite(mirrorFile, new TextEncoder().encode(toJsonText({ format: 1, versions: [...known.filter(v => v !== wanted), wanted].slice(-MAX_WRITTEN) })), 0o644)
      if (edit.kind === 'same') return 'same'
      if (await readOr(at('config')) !== before) return 'pending' // somebody writes it just now
      await replaceConfig(new TextEncoder().encode(edit.text))
      return 'written'
    },
    async mirrored () {
      const text = await readOr(at('config'))
      return { config: text === undefined ? undefined : readUpdateVersion(text) ?? undefined, written: (await written()).at(-1) }
    },
  }
}

/** @returns undefined: there is none */
async function readOr (file: string): Promise<string | undefined> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file))
  } catch (e) {
    if (codeOf(e) === 'ERR_ENCODING_INVALID_ENCODED_DATA') return '' // not ours, and not Kubo's
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return undefined
    throw fileError(e, file, 'read')
  }
}
