/** The home's keys as names: which key signs for which. */
import type { KeySigner, NamedKey, ServiceKeys } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { publicKeyFromPeerId } from '@ipkit/core/identity/peer-id'
import { nameFromPublicKey, namePeerId, type IpnsName } from '@ipkit/core/names/ipns-name'
import type { KeyItem } from '../rpc.ts'

export class OwnKeys {
  readonly #keys: ServiceKeys

  constructor (keys: ServiceKeys) { this.#keys = keys }

  /** 'self' first. */
  async list (): Promise<KeyItem[]> { return (await this.#keys.list()).map(keyItem) }

  /** Keys' names, by the name that each signs for. */
  async byName (): Promise<Map<string, string>> {
    return new Map((await this.list()).map(({ key, name }) => [name, key]))
  }

  /** @returns undefined: no key of ours signs for this name */
  async signerOf (name: IpnsName): Promise<KeySigner | undefined> {
    const publicKey = publicKeyFromPeerId(namePeerId(name))
    return publicKey === undefined ? undefined : await this.#keys.signerOf(publicKey)
  }

  /** @throws AppError KEY_UNKNOWN */
  async signer (key: string): Promise<KeySigner> {
    const signer = await this.#keys.signer(key)
    if (signer === undefined) throw new AppError('KEY_UNKNOWN', `there is no key ${JSON.stringify(key)}`, { exit: 'notFound', hints: ["see which there are: 'ipnsup key ls'", `make it: 'ipnsup key new ${key}'`] })
    return signer
  }

  /** @throws AppError KEY_EXISTS */
  async create (key: string): Promise<KeyItem> { return keyItem(await this.#keys.create(key)) }

  /** @throws AppError KEY_EXISTS, KEY_KNOWN */
  async import (key: string, seed: Uint8Array): Promise<KeyItem> { return keyItem(await this.#keys.import(key, seed)) }

  /** @throws AppError KEY_UNKNOWN, KEY_IS_SELF */
  async export (key: string): Promise<{ readonly key: string, readonly name: string, readonly seed: Uint8Array }> {
    const { publicKey } = await this.signer(key)
    return { key, name: nameFromPublicKey(publicKey).text, seed: await this.#keys.exportSeed(key) }
  }

  /** @throws AppError KEY_UNKNOWN, KEY_IS_SELF */
  async remove (key: string): Promise<KeyItem> { return keyItem(await this.#keys.remove(key)) }
}

const keyItem = ({ name: key, publicKey, peerId }: NamedKey): KeyItem => ({ key, name: nameFromPublicKey(publicKey).text, peerId })
