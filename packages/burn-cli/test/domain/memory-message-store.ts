import type { CID } from 'multiformats/cid'
import { AppError } from '@ipkit/core/errors/app-error'
import type { LoadedMessage, MessagePlace, MessageStore } from '../../src/domain/message-store.ts'
import { LEAF_BYTES } from '../../src/domain/limits.ts'
import { rootCid } from '../../src/domain/payload-layout.ts'
import type { TimeMark } from '../../src/domain/sender-time.ts'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'

/** What a disk holds of one message. */
export interface MemoryFolder { log: Uint8Array[], damaged: boolean, D: Uint8Array | undefined, payload: Uint8Array | undefined }

export interface MemoryMessageStore extends MessageStore {
  readonly folders: Map<string, MemoryFolder>
  /** The next appends do this: 'before' fails without a trace, 'after' fails with the record on the disk. */
  failAppends: Array<'before' | 'after' | 'ok'>
  failDestroy: number
}

/** The port in memory. Two stores on the same `folders` are the same disk before and after a crash. */
export function memoryMessageStore (folders = new Map<string, MemoryFolder>(), mark: { at: TimeMark | undefined } = { at: undefined }): MemoryMessageStore {
  const store: MemoryMessageStore = {
    folders,
    failAppends: [],
    failDestroy: 0,
    async load () {
      const loaded: LoadedMessage[] = []
      for (const [id, folder] of folders) {
        if (folder.log.length > 0 || folder.damaged) loaded.push({ id, place: place(id), log: { events: [...folder.log], damaged: folder.damaged } })
        else folders.delete(id)
      }
      return loaded
    },
    async stage (id, D, payload, signal) {
      if (folders.has(id)) throw new AppError('MESSAGE_EXISTS', 'here already')
      const chunks: Uint8Array[] = []
      for await (const chunk of payload) { signal.throwIfAborted(); chunks.push(chunk) }
      const bytes = Buffer.concat(chunks)
      if (bytes.length === 0) throw new AppError('PAYLOAD_EMPTY', 'no bytes')
      const folder: MemoryFolder = { log: [], damaged: false, D: D?.slice(), payload: bytes }
      folders.set(id, folder)
      return {
        root: rootCid(nodeBulkCrypto.sha256, bytes.length, hashesOf(bytes)),
        sizeBytes: bytes.length,
        async commit (created) { await place(id).append(created); return place(id) },
        async discard () { folders.delete(id) },
      }
    },
    async loadTimeMark () { return mark.at },
    async saveTimeMark (m) { mark.at = m },
  }

  function place (id: string): MessagePlace {
    const folder = (): MemoryFolder => folders.get(id)!
    let failed = false
    return {
      async append (event) {
        await Promise.resolve()
        const how = store.failAppends.shift() ?? 'ok'
        if (failed) throw new AppError('LOG_FAILED', 'an earlier write failed')
        if (how !== 'before') folder().log.push(event)
        if (how === 'ok') return
        failed = true
        throw new AppError('DISK_FULL', 'no space left')
      },
      async replay () { failed = false; return { events: [...folder().log], damaged: folder().damaged } },
      async readSecret () { return folder().D?.slice() },
      async destroySecret () {
        if (store.failDestroy > 0) { store.failDestroy--; throw new Error('EIO') }
        folder().D = undefined
      },
      async hashes (from, count) { const { payload } = folder(); return payload === undefined ? undefined : hashesOf(payload).slice(from * 32, (from + count) * 32) },
      async * leaves (from, count) {
        for (let i = from; i < from + count; i++) {
          const { payload } = folder()
          if (payload === undefined) return
          yield payload.slice(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)
        }
      },
      async removePayload () { folder().payload = undefined },
      async remove () { folders.delete(id) },
      async close () {},
    }
  }
  return store
}

function hashesOf (bytes: Uint8Array): Uint8Array {
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += LEAF_BYTES) hashes.push(nodeBulkCrypto.sha256(bytes.subarray(at, at + LEAF_BYTES)))
  return Buffer.concat(hashes)
}

export const anyRoot = (): CID => rootCid(nodeBulkCrypto.sha256, 1, nodeBulkCrypto.sha256(Uint8Array.of(1)))
