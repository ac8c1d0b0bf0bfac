/** The sender's plain messages, a folder each under `<data folder>/plain`. Format: docs/formats/burn-messages.md. */
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { createSlot } from '@ipkit/core/storage/erasable-slot'
import { diskError, diskFs, syncFolder, writeFully, type StorageFs } from '@ipkit/core/storage/storage-fs'
import { TAG_BYTES } from '../domain/bulk-crypto.ts'
import { LEAF_BYTES } from '../domain/limits.ts'
import type { MessageStore } from '../domain/message-store.ts'
import { HASH_BYTES } from '../domain/payload-layout.ts'
import { MAX_PLAIN_BYTES, RANDOM_BYTES } from '../domain/plain-limits.ts'
import { openIndex, openLeaf, plainSecret, sealIndex, sealLeaf, SEALED_LEAF_BYTES } from '../domain/plain-seal.ts'
import type { LoadedPlain, PlainPlace, PlainStore, StagedPlain } from '../domain/plain-store.ts'
import { FsMessagePlace, SLOT } from './fs-message-place.ts'
import { ensureFolder } from './fs-message-store.ts'
import { nodeBulkCrypto } from './node-bulk-crypto.ts'
import { CONTENT, HASHES, readRange, writeWhole } from './payload-files.ts'
import { sha256Aside } from './sha256-aside.ts'

export interface FsPlainStoreDeps {
  /** Absolute; exists, and is this service's alone. */
  readonly dataDir: string
  /** Whose time mark is shared. */
  readonly marks: Pick<MessageStore, 'loadTimeMark' | 'saveTimeMark'>
  readonly report: (what: string, error: unknown) => void
  readonly fs?: StorageFs
}

export function fsPlainStore (deps: FsPlainStoreDeps): PlainStore {
  const fs = deps.fs ?? diskFs
  const plainDir = path.join(deps.dataDir, 'plain')
  const files = (id: string): FsMessagePlace => new FsMessagePlace(fs, path.join(plainDir, id))

  return {
    async load () {
      await ensureFolder(fs, plainDir)
      const loaded: LoadedPlain[] = []
      for (const id of await fs.readdir(plainDir)) {
        if (!/^[0-9a-f]{32}$/.test(id)) continue
        try {
          const log = await files(id).replay()
          if (log.events.length > 0 || log.damaged) loaded.push({ id, place: plainPlace(fs, path.join(plainDir, id)), log })
          else await files(id).remove() // an add that was interrupted: nobody has its link
        } catch (e) {
          deps.report(`plain message ${id} is left alone`, e)
        }
      }
      return loaded
    },

    async stage (id, secret, random, content, signal): Promise<StagedPlain> {
      const dir = path.join(plainDir, id)
      const here = files(id)
      try {
        await fs.mkdir(dir, { mode: 0o700 })
        await createSlot(path.join(dir, SLOT), secret, fs)
        const stored = await storeSealed(fs, dir, plainSecret(secret).key, content, signal)
        await writeWhole(fs, path.join(dir, HASHES), sealIndex(nodeBulkCrypto, plainSecret(secret).key, { random, hashes: stored.hashes }))
        await syncFolder(fs, dir)
        await syncFolder(fs, plainDir)
        return {
          ...stored,
          commit: async created => { await here.create(created); return plainPlace(fs, dir) },
          discard: async () => { await here.remove() },
        }
      } catch (e) {
        await here.remove().catch((left: unknown) => { deps.report(`what is left of plain message ${id}`, left) })
        throw diskError(e, dir)
      }
    },

    loadTimeMark: async () => await deps.marks.loadTimeMark(),
    saveTimeMark: async mark => { await deps.marks.saveTimeMark(mark) },
  }
}

/** The files of a message, of which content and hashes are sealed. */
function plainPlace (fs: StorageFs, dir: string): PlainPlace {
  const here = new FsMessagePlace(fs, dir)
  return {
    append: async event => { await here.append(event) },
    replay: async () => await here.replay(),
    readSecret: async () => await here.readSecret(),
    destroySecret: async () => { await here.destroySecret() },
    async index ({ key }, leaves) {
      const sealed = await readRange(fs, path.join(dir, HASHES), 0, RANDOM_BYTES + leaves * HASH_BYTES + TAG_BYTES)
      return sealed === undefined ? undefined : openIndex(nodeBulkCrypto, key, sealed)
    },
    async leaf ({ key }, leaf, sizeBytes) {
      const sealed = await readRange(fs, path.join(dir, CONTENT), leaf * SEALED_LEAF_BYTES, sizeBytes + TAG_BYTES)
      return sealed === undefined ? undefined : openLeaf(nodeBulkCrypto, key, leaf, sealed)
    },
    removePayload: async () => { await here.removePayload() },
    remove: async () => { await here.remove() },
    close: async () => { await here.close() },
  }
}

/** One leaf in memory, whatever the size. @throws AppError PAYLOAD_EMPTY, PAYLOAD_TOO_LARGE; the signal's reason */
async function storeSealed (fs: StorageFs, dir: string, key: Uint8Array, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ sizeBytes: number, hashes: Uint8Array }> {
  const handle = await fs.open(path.join(dir, CONTENT), 'wx', 0o600)
  const hashes: Uint8Array[] = []
  let sizeBytes = 0
  try {
    const leaf = new Uint8Array(LEAF_BYTES)
    let filled = 0
    const flush = async (): Promise<void> => {
      signal.throwIfAborted()
      const bytes = leaf.subarray(0, filled)
      const index = hashes.length
      const [hash] = await Promise.all([
        sha256Aside(bytes),
        writeFully(handle, sealLeaf(nodeBulkCrypto, key, index, bytes), index * SEALED_LEAF_BYTES),
      ])
      hashes.push(hash)
      sizeBytes += filled
      filled = 0
    }
    for await (const chunk of content) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + LEAF_BYTES - filled)
        leaf.set(part, filled)
        filled += part.length
        at += part.length
        if (sizeBytes + filled > MAX_PLAIN_BYTES) throw new AppError('PAYLOAD_TOO_LARGE', `the file is over the limit of ${MAX_PLAIN_BYTES} bytes for a plain message`)
        if (filled === LEAF_BYTES) await flush()
      }
    }
    if (filled > 0) await flush()
    if (sizeBytes === 0) throw new AppError('PAYLOAD_EMPTY', 'no bytes came for the message')
    signal.throwIfAborted()
    await handle.datasync()
    return { sizeBytes, hashes: Buffer.concat(hashes) }
  } finally {
    await handle.close()
  }
}
