/** Named keys of a home: one file each in `keys/`, of the same format as `identity.key` and under the same passphrase. Format: docs/formats/identity-key.md. */
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import type { KeySigner, NamedKey, ServiceKeys } from '../daemon/service.ts'
import { AppError, isAppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import { diskError, diskFs, isErrno, syncFolder, type StorageFs } from '../storage/storage-fs.ts'
import { SerialQueue } from '../streams/serial-queue.ts'
import { inspectKey, loadKey, loadOrCreateKey, replaceKey, storeNewKey, type KeyFileDeps } from './key-file.ts'
import { publicKeyFromPeerId } from './peer-id.ts'
import { PeerKey, SEED_BYTES } from './peer-key.ts'

export const SELF = 'self'
const MAX_KEY_NAME_CHARACTERS = 64
const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const SUFFIX = '.key'
const TEMP = /^[0-9a-f]{12}\.tmp$/

export interface KeychainDeps {
  /** `<home>/keys`; made with the first key. */
  readonly dir: string
  /** What decides whether a new key is sealed: the identity's file as it is then. */
  readonly identityFile: string
  readonly self: PeerKey
  randomBytes(sizeBytes: number): Uint8Array
  /** The one that opens the identity; asked only where a key is sealed. */
  passphrase(): Promise<string>
}

/** The keychain of a home whose node is running. One process a home has one. Calls may come at the same time. */
export class Keychain implements ServiceKeys {
  readonly #deps: KeychainDeps
  readonly #fs: StorageFs
  readonly #changes = new SerialQueue()
  /** Opened once: a sealed one takes half a second. */
  readonly #open = new Map<string, PeerKey>()

  constructor (deps: KeychainDeps, fs: StorageFs = diskFs) {
    this.#deps = deps
    this.#fs = fs
  }

  async list (): Promise<readonly NamedKey[]> {
    const names = await listKeyNames(this.#deps.dir, this.#fs)
    const keys = await Promise.all(names.map(async name => await this.#inspect(name)))
    return [toNamedKey(SELF, this.#deps.self), ...keys.filter(key => key !== undefined)]
  }

  /** Nothing more of the key than what signs: the identity's secret does not leave. */
  async signer (name: string): Promise<KeySigner | undefined> {
    const key = await this.#load(name)
    return key === undefined ? undefined : { publicKey: key.publicKey, sign: message => key.sign(message) }
  }

  async signerOf (publicKey: Uint8Array): Promise<KeySigner | undefined> {
    const isIt = (key: { readonly publicKey: Uint8Array }): boolean => Buffer.compare(key.publicKey, publicKey) === 0
    if (isIt(this.#deps.self)) return await this.signer(SELF)
    for (const name of await listKeyNames(this.#deps.dir, this.#fs)) {
      const key = await this.#inspect(name).catch((e: unknown) => { if (isAppError(e)) return undefined; throw e })
      if (key !== undefined && isIt(key)) return await this.signer(name)
    }
    return undefined
  }

  async create (name: string): Promise<NamedKey> {
    return await this.#changes.run(async () => await this.#store(name, new PeerKey(this.#deps.randomBytes(SEED_BYTES))))
  }

  async import (name: string, seed: Uint8Array): Promise<NamedKey> {
    const key = new PeerKey(seed)
    return await this.#changes.run(async () => {
      const known = (await this.list()).find(({ peerId }) => peerId === key.peerId)
      if (known !== undefined && known.name !== name) throw new AppError('KEY_KNOWN', `this key is here already, as '${known.name}'`, { exit: 'refused' })
      return await this.#store(name, key)
    })
  }

  async exportSeed (name: string): Promise<Uint8Array> {
    if (name === SELF) throw isSelf('exported', "back the home up instead: 'ipkit backup FILE'")
    const key = await this.#load(name)
    if (key === undefined) throw unknown(name)
    return key.exportSeed()
  }

  async remove (name: string): Promise<NamedKey> {
    if (name === SELF) throw isSelf('removed')
    return await this.#changes.run(async () => {
      const key = await this.#inspect(name)
      if (key === undefined) throw unknown(name)
      const file = this.#file(name)
      try {
        await dropLeftovers(file, this.#fs)
        await this.#fs.unlink(file)
        this.#open.delete(name)
        await syncFolder(this.#fs, this.#deps.dir)
      } catch (e) {
        throw diskError(e, file)
      }
      return key
    })
  }

  async #store (name: string, key: PeerKey): Promise<NamedKey> {
    if (name.length > MAX_KEY_NAME_CHARACTERS || !KEY_NAME.test(name)) throw new AppError('KEY_NAME_INVALID', `${JSON.stringify(name.slice(0, 80))} is no name for a key: 1 to ${MAX_KEY_NAME_CHARACTERS} letters, digits, dots, dashes and underscores, a letter or digit first`, { exit: 'usage' })
    const file = this.#file(name)
    if (name === SELF || await inspectKey(file) !== undefined) throw exists(name)
    const passphrase = await this.#sealWith()
    let made: boolean
    try {
      await this.#fs.mkdir(this.#deps.dir, { mode: 0o700 }).catch((e: unknown) => { if (!isErrno(e, 'EEXIST')) throw e })
      await syncFolder(this.#fs, path.dirname(this.#deps.dir))
      made = await storeNewKey(file, key, passphrase, n => this.#deps.randomBytes(n), this.#fs)
    } catch (e) {
      throw diskError(e, file)
    }
    if (!made) throw exists(name)
    this.#open.set(name, key)
    return toNamedKey(name, key)
  }

  /** So that no key stands in the clear, or under an old passphrase, beside an identity that is sealed. */
  async #sealWith (): Promise<string | undefined> {
    const { identityFile, self } = this.#deps
    let asked: string | undefined
    const identity = await loadKey(identityFile, { passphrase: async () => (asked = await this.#deps.passphrase()) }).catch((e: unknown) => { throw toChanged(e) })
    if (identity?.peerId !== self.peerId) throw new AppError('IDENTITY_CHANGED', `${identityFile} is not the identity that this node runs with`, { exit: 'busy', hints: ['ipkit restart'] })
    return asked
  }

  async #load (name: string): Promise<PeerKey | undefined> {
    if (name === SELF) return this.#deps.self
    const stored = await this.#inspect(name)
    if (stored === undefined) return undefined
    const open = this.#open.get(name)
    if (open?.peerId === stored.peerId) return open
    const key = await loadKey(this.#file(name), this.#deps).catch((e: unknown) => { throw toChanged(e) })
    if (key !== undefined) this.#open.set(name, key)
    return key
  }

  async #inspect (name: string): Promise<NamedKey | undefined> {
    if (!KEY_NAME.test(name) || name === SELF) return undefined
    const file = this.#file(name)
    const stored = await inspectKey(file).catch((e: unknown) => { throw codeOf(e) === 'KEY_FILE_DAMAGED' ? damaged(name, file, e) : e })
    const publicKey = stored === undefined ? undefined : publicKeyFromPeerId(stored.peerId)
    if (stored !== undefined && publicKey === undefined) throw damaged(name, file)
    return stored === undefined ? undefined : { name, publicKey: publicKey!, peerId: stored.peerId }
  }

  #file (name: string): string { return path.join(this.#deps.dir, `${name}${SUFFIX}`) }
}

/**
 * Seals the identity and all named keys under `next`, or stores them in the clear when that is undefined; makes the identity when there is none. The named ones first: after a
 * crash the identity still opens with the old passphrase, and the same call again finds those that are done and does the others.
 * @throws AppError PASSPHRASE_WRONG, PASSPHRASE_EMPTY, KEY_FILE_DAMAGED
 */
export async function changeHomePassphrase (home: { readonly identityKey: string, readonly keys: string }, next: string | undefined, deps: KeyFileDeps, fs: StorageFs = diskFs): Promise<void> {
  if (next === '') throw new AppError('PASSPHRASE_EMPTY', 'the new passphrase is empty', { exit: 'usage' })
  let asked: Promise<string> | undefined
  const once: KeyFileDeps = { ...deps, passphrase: async () => await (asked ??= deps.passphrase()) }
  const identity = await loadOrCreateKey(home.identityKey, once) // a wrong passphrase changes nothing
  for (const name of await listKeyNames(home.keys, fs)) {
    const file = path.join(home.keys, `${name}${SUFFIX}`)
    const key = await openWithEither(name, file, once, next)
    if (key !== undefined) await replaceKey(file, key, next, deps.randomBytes, fs)
    await dropLeftovers(file, fs)
  }
  await replaceKey(home.identityKey, identity, next, deps.randomBytes, fs)
  await dropLeftovers(home.identityKey, fs)
}

/** A kill between the two last steps of making a key leaves a second name of its file: the secret would outlive a removal, or stay in the clear beside a sealed one. */
async function dropLeftovers (file: string, fs: StorageFs): Promise<void> {
  const [dir, head] = [path.dirname(file), `.${path.basename(file)}.`]
  for (const name of await fs.readdir(dir)) if (name.startsWith(head) && TEMP.test(name.slice(head.length))) await fs.unlink(path.join(dir, name))
}

async function openWithEither (name: string, file: string, old: KeyFileDeps, next: string | undefined): Promise<PeerKey | undefined> {
  for (const passphrase of [async () => await old.passphrase(), ...next === undefined ? [] : [async () => next]]) {
    try {
      return await loadKey(file, { passphrase })
    } catch (e) {
      if (codeOf(e) === 'KEY_FILE_DAMAGED') throw damaged(name, file, e)
      if (codeOf(e) !== 'PASSPHRASE_WRONG') throw e
    }
  }
  throw new AppError('PASSPHRASE_WRONG', `the passphrase does not open the key '${name}'`, { exit: 'refused', hints: [`${file} may come from another home`] })
}

/** In the order of their letters. @param dir need not be there */
export async function listKeyNames (dir: string, fs: Pick<StorageFs, 'readdir'> = nodeFs): Promise<string[]> {
  const files = await fs.readdir(dir).catch((e: unknown) => { if (isErrno(e, 'ENOENT')) return []; throw e })
  return files.filter(file => file.endsWith(SUFFIX)).map(file => file.slice(0, -SUFFIX.length)).filter(name => KEY_NAME.test(name)).sort()
}

const toNamedKey = (name: string, { publicKey, peerId }: PeerKey): NamedKey => ({ name, publicKey, peerId })
const exists = (name: string): AppError => new AppError('KEY_EXISTS', `there is a key '${name}' already`, { exit: 'refused', hints: ['keys are not replaced: take another name'] })
const unknown = (name: string): AppError => new AppError('KEY_UNKNOWN', `there is no key '${name.slice(0, 80)}'`, { exit: 'notFound' })
const isSelf = (what: string, ...hints: string[]): AppError => new AppError('KEY_IS_SELF', `'${SELF}' is the identity of this home; it is not ${what}`, { exit: 'refused', hints })
const damaged = (name: string, file: string, cause?: unknown): AppError =>
  new AppError('KEY_FILE_DAMAGED', `the key '${name}' cannot be read: ${file} is not as ipkit writes it`, { exit: 'failed', cause, hints: ['put its file back from a backup, or move it away'] })

/** The node was started with a passphrase that does not open the files any more. */
function toChanged (e: unknown): unknown {
  if (!isAppError(e) || e.code !== 'PASSPHRASE_WRONG') return e
  return new AppError('PASSPHRASE_CHANGED', 'the passphrase is not the one that this node was started with', { exit: 'busy', cause: e, hints: ['ipkit restart'] })
}
