import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import type { AppPaths } from '@ipkit/core/config/app-paths'
import { checkHome } from '@ipkit/core/config/home-check'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { fileError } from '@ipkit/core/errors/file-error'
import { inspectKey } from '@ipkit/core/identity/key-file'
import { listKeyNames } from '@ipkit/core/identity/keychain'
import { inspectKeyFile } from '@ipkit/core/identity/sealed-seed'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { BACKUP_FILES, bad, type BackupStore } from '../domain/home-backup.ts'

/** The home as what a backup is made of, and what one is restored into. */
export function homeBackupStore (paths: AppPaths, host: HostFacts): BackupStore {
  return {
    read: async () => {
      const key = checkHome(paths, host) ? await inspectKey(paths.identityKey) : undefined
      if (key === undefined) throw new AppError('NOTHING_TO_BACK_UP', `the home ${paths.home} has no key yet`, { exit: 'notFound', hints: ["name another home with --home DIR", "or make its key: 'ipkit start'"] })
      const texts = await Promise.all(BACKUP_FILES.map(async name => [name, await readOptional(path.join(paths.home, name))] as const))
      const present = Object.fromEntries(texts.filter(([, text]) => text !== undefined)) as { 'identity.key': string }
      const keys = Object.fromEntries(await Promise.all((await listKeyNames(paths.keys)).map(async name => [name, await nodeFs.readFile(keyFile(paths.keys, name), 'utf8')] as const)))
      const leftOut = await nodeFs.readdir(paths.data).catch((e: unknown) => { if (codeOf(e) === 'ENOENT') return []; throw e })
      return { peerId: key.peerId, sealed: key.sealed, files: present, ...(Object.keys(keys).length === 0 ? {} : { keys }), leftOut: leftOut.sort() }
    },
    write: async backup => {
      const key = keyOf(backup.files['identity.key'])
      if (key.peerId !== backup.peerId) throw bad(`its key is of ${key.peerId}, and it says ${backup.peerId}`)
      for (const [name, text] of Object.entries(backup.keys ?? {})) keyOf(text, `the key '${name}': `)
      await refuseUnlessEmpty(paths, host)
      const building = `${paths.home}.restoring`
      try {
        await nodeFs.mkdir(path.dirname(paths.home), { recursive: true })
        await nodeFs.rm(building, { recursive: true, force: true }) // of a run that was killed
        await nodeFs.mkdir(building, { mode: 0o700 })
        for (const name of BACKUP_FILES) {
          const text = backup.files[name]
          if (text !== undefined) await atomicWrite(path.join(building, name), Buffer.from(text), 0o600)
        }
        for (const [name, text] of Object.entries(backup.keys ?? {})) {
          await nodeFs.mkdir(path.join(building, path.basename(paths.keys)), { recursive: true, mode: 0o700 })
          await atomicWrite(keyFile(path.join(building, path.basename(paths.keys)), name), Buffer.from(text), 0o600)
        }
        await nodeFs.rename(building, paths.home) // fails when the home is no longer empty
      } catch (e) {
        await nodeFs.rm(building, { recursive: true, force: true })
        if (codeOf(e) === 'ENOTEMPTY' || codeOf(e) === 'EEXIST') throw notEmpty(paths.home)
        throw fileError(e, paths.home, 'write')
      }
    },
  }
}

async function refuseUnlessEmpty (paths: AppPaths, host: HostFacts): Promise<void> {
  if (checkHome(paths, host) && (await nodeFs.readdir(paths.home)).length > 0) throw notEmpty(paths.home)
}

const notEmpty = (home: string): AppError => new AppError('HOME_NOT_EMPTY', `the home ${home} is in use; restoring never overwrites`, { exit: 'refused', hints: ['restore beside it: ipkit restore FILE --home OTHER-DIR', `or move it away first: mv '${home}' '${home}.old'`] })

function keyOf (text: string, whose = ''): { readonly peerId: string } {
  try { return inspectKeyFile(text) } catch (e) { throw bad(`${whose}${messageOf(e)}`, e) }
}

const keyFile = (dir: string, name: string): string => path.join(dir, `${name}.key`)

async function readOptional (file: string): Promise<string | undefined> {
  try { return await nodeFs.readFile(file, 'utf8') } catch (e) {
    if (codeOf(e) === 'ENOENT') return undefined
    throw fileError(e, file, 'read')
  }
}
