/** What a reader keeps while it reads, a folder a message under `<data folder>/inbox`. Format: docs/formats/burn-messages.md. */
import path from 'node:path'
import { isAppError } from '@ipkit/core/errors/app-error'
import { array, base64url, boolean, check, integer, object, string, type Schema } from '@ipkit/core/schema/schema'
import { atomicWrite } from '@ipkit/core/storage/atomic-write'
import { createSlot, destroySlot, readSlot } from '@ipkit/core/storage/erasable-slot'
import { LongFile } from '@ipkit/core/storage/long-file'
import { diskError, diskFs, isErrno, readFully, requireSpace, syncFolder, type StorageFile, type StorageFs } from '@ipkit/core/storage/storage-fs'
import type { Clock } from '@ipkit/core/time/clock'
import { CID } from 'multiformats/cid'
import type { InboxAnswer } from '../domain/inbox-desk.ts'
import type { InboxStore, PendingAck, StoredEntry } from '../domain/inbox-store.ts'
import { toJsonBytes } from '../domain/json-bytes.ts'
import { LEAF_BYTES, MAX_PAYLOAD_BYTES, MAX_STATEMENT_BYTES } from '../domain/limits.ts'
import { idText } from '../domain/message-record.ts'
import { HASH_BYTES, leafCount, leafSize } from '../domain/payload-layout.ts'
import { ENC_BYTES, SEALED_BYTES } from '../domain/sealed-key.ts'
import { ensureFolder } from './fs-message-store.ts'
import { nodeBulkCrypto } from './node-bulk-crypto.ts'
import { CONTENT, HASHES, openToRead, readPieces, readRange, unlinkIfThere } from './payload-files.ts'

const LAYOUT = 'layout'
const KEY = 'key'
const ANSWER = 'answer'
const ACK = 'ack'

const statement = base64url({ min: 1, max: MAX_STATEMENT_BYTES })
const layoutSchema = object({
  root: string({ max: 80 }),
  sender: string({ max: 128 }),
  madeAtMs: integer(),
  /** 0 while it is not known. */
  sizeBytes: integer({ max: MAX_PAYLOAD_BYTES }),
  complete: boolean(),
})
const answerSchema = object({ statement, enc: base64url({ size: ENC_BYTES }), sealed: base64url({ size: SEALED_BYTES }), claimedAtMs: integer(), leaseUntilMs: integer() })
const ackSchema = object({ statement, proof: base64url({ size: 32 }), addresses: array(string({ max: 512 }), { max: 32 }), addressed: boolean(), untilMs: integer() })
type Layout = ReturnType<typeof layoutSchema.read>

export interface FsInboxDeps {
  /** Absolute; exists, and is this service's alone. */
  readonly dataDir: string
  readonly clock: Clock
  readonly fs?: StorageFs
}

export function fsInbox (deps: FsInboxDeps): InboxStore {
  const fs = deps.fs ?? diskFs
  const inboxDir = path.join(deps.dataDir, 'inbox')

  const load = async (id: string): Promise<FsInboxEntry | undefined> => {
    const dir = path.join(inboxDir, id)
    const layout = await readJson(fs, path.join(dir, LAYOUT), layoutSchema)
    return layout === undefined ? undefined : await FsInboxEntry.load(fs, dir, id, layout)
  }

  return {
    async ids () {
      return (await fs.readdir(inboxDir).catch((e: unknown) => { if (isErrno(e, 'ENOENT')) return []; throw e })).filter(id => /^[0-9a-f]{32}$/.test(id))
    },

    async open (id, root, sender) {
      const name = idText(id)
      const dir = path.join(inboxDir, name)
      const there = await load(name)
      if (there?.root.equals(root) === true && there.sender === sender) {
        await there.checkStored()
        return there
      }
      await there?.remove()
      try {
        await ensureFolder(fs, inboxDir)
        await ensureFolder(fs, dir)
        const layout: Layout = { root: root.toString(), sender, madeAtMs: deps.clock.now(), sizeBytes: 0, complete: false }
        const entry = await FsInboxEntry.load(fs, dir, name, layout)
        await entry.wipe() // an entry whose making or removal was interrupted
        await entry.saveLayout(layout)
        return entry
      } catch (e) {
        throw diskError(e, dir)
      }
    },

    find: load,
  }
}

class FsInboxEntry implements StoredEntry {
  readonly id: Uint8Array
  readonly root: CID
  readonly sender: string
  readonly madeAtMs: number
  readonly #fs: StorageFs
  readonly #dir: string
  #layout: Layout
  #hashes: Uint8Array | undefined
  #storedLeaves = 0
  #content: LongFile | undefined

  private constructor (fs: StorageFs, dir: string, id: string, layout: Layout) {
    this.#fs = fs
    this.#dir = dir
    this.#layout = layout
    this.id = Buffer.from(id, 'hex')
    this.root = CID.parse(layout.root)
    this.sender = layout.sender
    this.madeAtMs = layout.madeAtMs
  }

  static async load (fs: StorageFs, dir: string, id: string, layout: Layout): Promise<FsInboxEntry> {
    const entry = new FsInboxEntry(fs, dir, id, layout)
    await entry.#loadHashes()
    return entry
  }

  get layout (): StoredEntry['layout'] { return this.#hashes === undefined ? undefined : { sizeBytes: this.#layout.sizeBytes, hashes: this.#hashes } }
  get storedLeaves (): number { return this.#storedLeaves }
  get complete (): boolean { return this.#layout.complete }

  async #loadHashes (): Promise<void> {
    const { sizeBytes, complete } = this.#layout
    if (sizeBytes === 0) return
    const count = leafCount(sizeBytes)
    const hashes = await readRange(this.#fs, this.#file(HASHES), 0, count * HASH_BYTES)
    if (hashes?.length !== count * HASH_BYTES) { // wiped
      this.#layout = { ...this.#layout, sizeBytes: 0, complete: false }
      return
    }
    this.#hashes = hashes
    if (complete) this.#storedLeaves = count
  }

  /** What a crash left of the payload is not believed: every leaf before the first bad one is hashed again. */
  async checkStored (): Promise<void> {
    if (this.#hashes === undefined || this.complete) return
    const content = await openToRead(this.#fs, this.#file(CONTENT))
    if (content === undefined) return
    try {
      const room = Buffer.allocUnsafeSlow(LEAF_BYTES)
      for (let i = 0; i < leafCount(this.#layout.sizeBytes); i++) {
        const leaf = room.subarray(0, leafSize(this.#layout.sizeBytes, i))
        if (await readFully(content, leaf, i * LEAF_BYTES) < leaf.length) return
        if (Buffer.compare(nodeBulkCrypto.sha256(leaf), this.#hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)) !== 0) return
        this.#storedLeaves = i + 1
      }
    } finally {
      await content.close()
    }
  }

  async acceptLayout (sizeBytes: number, hashes: Uint8Array): Promise<void> {
    await requireSpace(this.#fs, this.#dir, sizeBytes)
    await this.#atomically(HASHES, hashes)
    await this.saveLayout({ ...this.#layout, sizeBytes, complete: false })
    this.#hashes = hashes.slice()
    this.#storedLeaves = 0
  }

  async storeLeaf (index: number, bytes: Uint8Array): Promise<void> {
    if (index !== this.#storedLeaves) throw new RangeError(`leaf ${index} where ${this.#storedLeaves} is due`)
    try {
      this.#content ??= new LongFile(await this.#openContent())
      await this.#content.write(bytes, index * LEAF_BYTES)
    } catch (e) {
      await this.#closeContent()
      throw diskError(e, this.#file(CONTENT))
    }
    this.#storedLeaves++
  }

  async #openContent (): Promise<StorageFile> {
    try { return await this.#fs.open(this.#file(CONTENT), 'r+') } catch (e) { if (!isErrno(e, 'ENOENT')) throw e }
    return await this.#fs.open(this.#file(CONTENT), 'wx', 0o600)
  }

  async finishPayload (): Promise<void> {
    if (this.complete) return
    try {
      this.#content ??= new LongFile(await this.#openContent())
      await this.#content.finish()
      await syncFolder(this.#fs, this.#dir)
    } catch (e) {
      throw diskError(e, this.#file(CONTENT))
    } finally {
      await this.#closeContent()
    }
    await this.saveLayout({ ...this.#layout, complete: true })
  }

  /** Lets go of the open file; what was stored stays. */
  async close (): Promise<void> { await this.#closeContent() }

  async #closeContent (): Promise<void> {
    const content = this.#content
    this.#content = undefined
    await content?.close().catch(() => {})
    if (content?.doubtful !== true) return
    this.#storedLeaves = 0 // to be fetched again: its leaves would pass for stored ones until the computer is started anew
    await unlinkIfThere(this.#fs, this.#file(CONTENT)).catch(() => {})
  }

  async readPayload (from: number, sizeBytes: number): Promise<Uint8Array> {
    return await readRange(this.#fs, this.#file(CONTENT), from, sizeBytes) ?? new Uint8Array(0)
  }

  pieces (fromByte: number, toByte: number): AsyncIterable<Uint8Array> {
    return readPieces(this.#fs, this.#file(CONTENT), fromByte, toByte)
  }

  async hasKey (): Promise<boolean> {
    const key = await readSlot(this.#file(KEY), this.#fs)
    key?.fill(0)
    return key !== undefined
  }

  async readerKey (make: () => Uint8Array): Promise<Uint8Array> {
    const there = await readSlot(this.#file(KEY), this.#fs)
    if (there !== undefined) return there
    const key = make()
    await destroySlot(this.#file(KEY), this.#fs) // one that was interrupted: no claim has left with it
    await createSlot(this.#file(KEY), key, this.#fs)
    return key
  }

  async answer (): Promise<InboxAnswer | undefined> {
    const bytes = await readSlot(this.#file(ANSWER), this.#fs)
    return bytes === undefined ? undefined : check(answerSchema, JSON.parse(Buffer.from(bytes).toString('utf8')), ANSWER)
  }

  async keepAnswer (answer: InboxAnswer): Promise<void> {
    await destroySlot(this.#file(ANSWER), this.#fs)
    await createSlot(this.#file(ANSWER), toJsonBytes(answer), this.#fs)
  }

  async ack (): Promise<PendingAck | undefined> { return await readJson(this.#fs, this.#file(ACK), ackSchema) }

  async keepAck (ack: PendingAck): Promise<void> { await this.#atomically(ACK, toJsonBytes(ack)) }

  async wipe (): Promise<void> {
    await this.#closeContent()
    await destroySlot(this.#file(ANSWER), this.#fs)
    await destroySlot(this.#file(KEY), this.#fs)
    await unlinkIfThere(this.#fs, this.#file(CONTENT))
    await unlinkIfThere(this.#fs, this.#file(HASHES))
    this.#storedLeaves = 0
    this.#hashes = undefined
    this.#layout = { ...this.#layout, sizeBytes: 0, complete: false }
  }

  async remove (): Promise<void> {
    await this.wipe()
    // Whatever else stands here is a temp file of an interrupted replacement.
    for (const name of await this.#fs.readdir(this.#dir)) await unlinkIfThere(this.#fs, this.#file(name))
    try { await this.#fs.rmdir(this.#dir) } catch (e) { if (!isErrno(e, 'ENOENT')) throw e }
    await syncFolder(this.#fs, path.dirname(this.#dir)).catch((e: unknown) => { throw diskError(e, this.#dir) })
  }

  async saveLayout (layout: Layout): Promise<void> {
    await this.#atomically(LAYOUT, toJsonBytes(layout))
    this.#layout = layout
  }

  async #atomically (name: string, bytes: Uint8Array): Promise<void> {
    try { await atomicWrite(this.#file(name), bytes, 0o600, this.#fs) } catch (e) { throw diskError(e, this.#file(name)) }
  }

  #file (name: string): string { return path.join(this.#dir, name) }
}

/** @returns undefined when there is none, or none that makes sense: these files are written whole or not at all */
async function readJson<T> (fs: StorageFs, file: string, schema: Schema<T>): Promise<T | undefined> {
  const bytes = await readRange(fs, file, 0, 64 * 1024)
  if (bytes === undefined) return undefined
  try {
    return check(schema, JSON.parse(Buffer.from(bytes).toString('utf8')), path.basename(file))
  } catch (e) {
    if (isAppError(e) || e instanceof SyntaxError) return undefined
    throw e
  }
}
