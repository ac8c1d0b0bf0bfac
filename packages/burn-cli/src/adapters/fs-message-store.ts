/** The sender's messages, a folder each under `<data folder>/messages`. Format: docs/formats/burn-messages.md. */
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { check, integer, object } from '@ipkit/core/schema/schema'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { createSlot } from '@ipkit/core/storage/erasable-slot'
import { diskError, diskFs, isErrno, syncFolder, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { LoadedMessage, MessageStore, StagedMessage } from '../domain/message-store.ts'
import { rootCid } from '../domain/payload-layout.ts'
import type { TimeMark } from '../domain/sender-time.ts'
import { FsMessagePlace, SLOT } from './fs-message-place.ts'
import { nodeBulkCrypto } from './node-bulk-crypto.ts'
import { readRange, storePayload } from './payload-files.ts'

const MARK = 'time.json'
const markSchema = object({ timeMs: integer(), clockMs: integer() })

export interface FsMessageStoreDeps {
  /** Absolute; exists, and is this service's alone. */
  readonly dataDir: string
  readonly report: (what: string, error: unknown) => void
  readonly fs?: StorageFs
}

export function fsMessageStore (deps: FsMessageStoreDeps): MessageStore {
  const fs = deps.fs ?? diskFs
  const messagesDir = path.join(deps.dataDir, 'messages')
  const place = (id: string): FsMessagePlace => new FsMessagePlace(fs, path.join(messagesDir, id))

  return {
    async load () {
      await ensureFolder(fs, messagesDir)
      const loaded: LoadedMessage[] = []
      for (const id of await fs.readdir(messagesDir)) {
        if (!/^[0-9a-f]{32}$/.test(id)) continue
        try {
          const log = await place(id).replay()
          if (log.events.length > 0 || log.damaged) loaded.push({ id, place: place(id), log })
          else await place(id).remove() // an add that was interrupted: nobody has its link
        } catch (e) {
          deps.report(`message ${id} is left alone`, e)
        }
      }
      return loaded
    },

    async stage (id, D, payload, signal): Promise<StagedMessage> {
      const dir = path.join(messagesDir, id)
      const here = place(id)
      try {
        await fs.mkdir(dir, { mode: 0o700 })
      } catch (e) {
        if (isErrno(e, 'EEXIST')) throw new AppError('MESSAGE_EXISTS', `message ${id} is here already`)
        throw diskError(e, dir)
      }
      try {
        const { sizeBytes, hashes } = await storePayload(fs, dir, payload, signal)
        if (D !== null) await createSlot(path.join(dir, SLOT), D, fs) // syncs the message's folder too
        await syncFolder(fs, messagesDir)
        return {
          root: rootCid(nodeBulkCrypto.sha256, sizeBytes, hashes),
          sizeBytes,
          commit: async created => { await here.create(created); return here },
          discard: async () => { await here.remove() },
        }
      } catch (e) {
        await here.remove().catch((left: unknown) => { deps.report(`what is left of message ${id}`, left) })
        throw diskError(e, dir)
      }
    },

    async loadTimeMark () {
      const bytes = await readRange(fs, path.join(deps.dataDir, MARK), 0, 1024)
      if (bytes === undefined) return undefined
      try {
        return check(markSchema, JSON.parse(Buffer.from(bytes).toString('utf8')), MARK)
      } catch (e) {
        deps.report(`${MARK} is not readable; the clock alone is believed`, e)
        return undefined
      }
    },

    async saveTimeMark (mark: TimeMark) {
      await atomicWrite(path.join(deps.dataDir, MARK), Buffer.from(JSON.stringify(mark)), 0o600, fs)
    },
  }
}

export async function ensureFolder (fs: StorageFs, dir: string): Promise<void> {
  try {
    await fs.mkdir(dir, { mode: 0o700 })
    await syncFolder(fs, path.dirname(dir))
  } catch (e) {
    if (!isErrno(e, 'EEXIST')) throw diskError(e, dir)
  }
}
