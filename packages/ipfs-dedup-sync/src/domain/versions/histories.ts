/** Histories under IPNS names: their newest record, and the versions below it. Spec: docs/formats/sync-commit.md; on disk: docs/formats/sync-versions.md. */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { createRecord } from '@ipkit/core/names/create-record'
import { nameFromPublicKey, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { NameMemories } from '@ipkit/core/names/name-memories'
import { chosenRecord, isForked, nextSequence } from '@ipkit/core/names/name-memory'
import { judgeFreshness, validityAtMs } from '@ipkit/core/names/validity'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { Clock } from '@ipkit/core/time/clock'
import { createCommit, readCommit, type Commit, type CommitFields, type CommitSigner, type VerifySignature } from './commit.ts'
import { MAX_VERSIONS } from './commit-limits.ts'
import type { KnownNames } from './known-names.ts'
import { prefixedStore } from '@ipkit/core/storage/prefixed-store'

export interface HistoriesDeps {
  readonly store: KeyValueStore
  readonly known: KnownNames
  readonly clock: Clock
  readonly verify: VerifySignature
}

/** Where a history stands. */
export interface Head {
  readonly record: VerifiedRecord
  readonly commit: Commit
  readonly expired: boolean
  /** More than one value was signed with the highest sequence. */
  readonly forked: boolean
}

export interface PublishedVersion { readonly commit: Commit, readonly created: boolean, readonly healedFork: boolean }

/** How long a record of ours is valid; it is renewed when half of that is over. */
export const LIFETIME_MS = 30 * 86_400_000
const NO_EXPIRY = { acceptUnknownExpired: true }

export class Histories {
  readonly #deps: HistoriesDeps
  readonly #memories: NameMemories
  readonly #commits: KeyValueStore
  /** `<root>/<name>`: in which histories a root stands. */
  readonly #inside: KeyValueStore
  readonly #publishing = new SerialQueue()

  constructor (deps: HistoriesDeps) {
    this.#deps = deps
    this.#memories = new NameMemories(prefixedStore(deps.store, 'memory/'))
    this.#commits = prefixedStore(deps.store, 'commit/')
    this.#inside = prefixedStore(deps.store, 'in/')
  }

  /** @returns undefined for a name of which no version is known @throws AppError NAME_MEMORY_DAMAGED, COMMIT_INVALID */
  async head (name: IpnsName): Promise<Head | undefined> {
    const memory = await this.#memories.get(name)
    if (memory === undefined) return undefined
    const record = chosenRecord(memory)
    const commit = await this.commit(cidInRecord(record))
    if (commit?.name.text !== name.text) return undefined
    return { record, commit, expired: this.#isExpired(record), forked: isForked(memory) }
  }

  /** @returns undefined when it is not here */
  async commit (cid: string): Promise<Commit | undefined> {
    const block = await this.#commits.get(cid)
    return block === undefined ? undefined : readCommit(block, this.#deps.verify)
  }

  /** From the newest to the first, or to where what is here ends. @param from none: the newest */
  async * walk (name: IpnsName, from?: Commit): AsyncGenerator<Commit> {
    let next = from ?? (await this.head(name))?.commit
    for (let i = 0; next !== undefined && i < MAX_VERSIONS; i++) {
      yield next
      next = next.parent === undefined ? undefined : await this.commit(next.parent)
    }
  }

  /** @param number undefined: the newest @throws AppError NAME_UNKNOWN, VERSION_UNKNOWN */
  async version (name: IpnsName, number: number | undefined): Promise<Commit> {
    const head = await this.head(name)
    if (head === undefined) throw new AppError('NAME_UNKNOWN', `no version of ${name.text} is known here`, { exit: 'notFound', hints: ["ask somebody who has it: '--from <peer>'"] })
    if (number === undefined) return head.commit
    if (number <= head.commit.number) for await (const commit of this.walk(name, head.commit)) if (commit.number === number) return commit
    throw new AppError('VERSION_UNKNOWN', `${name.text} has no version ${number} that is known here; the newest is ${head.commit.number}`, { exit: 'notFound', hints: [`see which there are: 'ipfs-dedup-sync log ${name.text}'`] })
  }

  /** Names of the histories that a root is a version of. */
  async namesOf (root: string): Promise<string[]> {
    const names: string[] = []
    for await (const { key } of this.#inside.list(`${root}/`)) names.push(key.slice(root.length + 1))
    return names
  }

  /**
   * The next version; of a root that is the newest already none. What it is, and the sequence that it takes, are durable before anybody can see it.
   * @throws AppError SEQUENCE_EXHAUSTED, HISTORY_DAMAGED, NAME_MEMORY_DAMAGED, and what the store throws
   */
  async publish (signer: CommitSigner, fields: Omit<CommitFields, 'number' | 'parent' | 'atMs'>): Promise<PublishedVersion> {
    return await this.#publishing.run(async () => {
      const name = nameFromPublicKey(signer.publicKey)
      const head = await this.head(name)
      if (head === undefined && await this.#memories.get(name) !== undefined) throw new AppError('HISTORY_DAMAGED', `the newest version of ${name.text} is not here, and the next one would not know it`, { hints: [`fetch it first: 'ipfs-dedup-sync pull ${name.text} --from <peer>'`] })
      if (head?.commit.root === fields.root && !head.forked) {
        await this.#renew(signer, head)
        return { commit: head.commit, created: false, healedFork: false }
      }
      const commit = createCommit(signer, { ...fields, number: (head?.commit.number ?? 0) + 1, parent: head?.commit.cid, atMs: this.#deps.clock.now() })
      await this.#store(commit)
      await this.#sign(signer, commit)
      return { commit, created: true, healedFork: head?.forked === true }
    })
  }

  /** A record that has lived for half its time gets a new one, with the same sequence. */
  async renew (signer: CommitSigner): Promise<void> {
    await this.#publishing.run(async () => {
      const head = await this.head(nameFromPublicKey(signer.publicKey))
      if (head !== undefined && !head.forked) await this.#renew(signer, head)
    })
  }

  /** What a peer gave: the chosen record afterwards, whatever came. @param commits of the same name, verified @throws AppError what the store throws */
  async take (record: VerifiedRecord, commits: readonly Commit[]): Promise<{ readonly relation: string }> {
    for (const commit of [...commits].reverse()) await this.#store(commit)
    const { relation } = await this.#memories.remember(record, { nowMs: this.#deps.clock.now(), ...NO_EXPIRY })
    return { relation }
  }

  /** Drops the versions; the memory of the name stays, so that no old record of it is believed. */
  async forget (name: IpnsName): Promise<string[]> {
    const roots: string[] = []
    for await (const { cid, root } of this.walk(name)) {
      await this.#inside.delete(`${root}/${name.text}`)
      await this.#commits.delete(cid)
      roots.push(root)
    }
    return [...new Set(roots)]
  }

  async #store (commit: Commit): Promise<void> {
    await this.#commits.put(commit.cid, commit.bytes)
    await this.#inside.put(`${commit.root}/${commit.name.text}`, new Uint8Array(0))
  }

  /** The sequence is taken first: a kill between the two writes leaves a number that nobody has seen, and never one that is used again. */
  async #sign (signer: CommitSigner, commit: Commit): Promise<void> {
    const { known, clock } = this.#deps
    const { name } = commit
    const memory = await this.#memories.get(name)
    const used = max(memory?.sequence ?? -1n, known.get(name)?.highest ?? -1n)
    const next = used < 0n ? 0n : nextSequence({ name, sequence: used })
    const sequence = max(next, BigInt(commit.number))
    await known.change(name, before => ({ ...before, highest: sequence, file: commit.file ?? before.file, served: true, atMs: clock.now() }))
    const record = createRecord(signer, { value: `/ipfs/${commit.cid}`, sequence, validity: validityAtMs(clock.now() + LIFETIME_MS) })
    await this.#memories.remember(record, { nowMs: clock.now(), ...NO_EXPIRY })
  }

  async #renew (signer: CommitSigner, { record }: Head): Promise<void> {
    const { clock } = this.#deps
    const freshness = judgeFreshness(record.validity, clock.now())
    if (freshness.state === 'fresh' && freshness.leftMs > LIFETIME_MS / 2) return
    const renewal = createRecord(signer, { value: record.value, sequence: record.sequence, validity: validityAtMs(clock.now() + LIFETIME_MS) })
    await this.#memories.remember(renewal, { nowMs: clock.now(), ...NO_EXPIRY })
  }

  #isExpired (record: VerifiedRecord): boolean {
    return judgeFreshness(record.validity, this.#deps.clock.now()).state === 'expired'
  }
}

/** @throws AppError RECORD_NOT_OURS for a record that names no version of ours, as the one of a web site */
export function cidInRecord (record: Pick<VerifiedRecord, 'value' | 'name'>): string {
  const [, cid] = /^\/ipfs\/(bafyrei[a-z2-7]+)$/.exec(record.value) ?? []
  if (cid === undefined) throw new AppError('RECORD_NOT_OURS', `${record.name.text} names ${record.value.slice(0, 80)}, which is no version that ipfs-dedup-sync made`, { exit: 'refused', hints: ["resolve it with 'ipnsup resolve', and fetch it with another tool"] })
  return cid
}

const max = (a: bigint, b: bigint): bigint => a > b ? a : b
