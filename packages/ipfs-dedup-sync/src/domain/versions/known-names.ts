import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import { decodeKnownName, encodeKnownName, UNKNOWN, type KnownName } from './known-name.ts'

type Names = Map<string, { readonly name: IpnsName, readonly known: KnownName }>

/** All names that are published or followed here, in memory and in the store; calls may overlap. */
export class KnownNames {
  readonly #store: KeyValueStore
  readonly #names: Names
  readonly #changes = new SerialQueue()

  private constructor (store: KeyValueStore, names: Names) {
    this.#store = store
    this.#names = names
  }

  /** A damaged entry is reported, left as it is, and not known. */
  static async open (store: KeyValueStore, report: (what: string, error: unknown) => void): Promise<KnownNames> {
    const names: Names = new Map()
    for await (const { key, value } of store.list('')) {
      try {
        const name = parseName(key)
        names.set(name.text, { name, known: decodeKnownName(name, value) })
      } catch (e) {
        report(`what is kept of ${key}`, e)
      }
    }
    return new KnownNames(store, names)
  }

  get (name: IpnsName): KnownName | undefined { return this.#names.get(name.text)?.known }

  all (): Array<{ readonly name: IpnsName, readonly known: KnownName }> { return [...this.#names.values()] }

  /** Durable when it resolves. @param edit what comes back unchanged is not written */
  async change (name: IpnsName, edit: (before: KnownName) => KnownName): Promise<KnownName> {
    return await this.#changes.run(async () => {
      const before = this.get(name)
      const after = edit(before ?? UNKNOWN)
      if (after === before) return after
      await this.#store.put(name.text, encodeKnownName(name, after))
      this.#names.set(name.text, { name, known: after })
      return after
    })
  }

  async forget (name: IpnsName): Promise<boolean> {
    return await this.#changes.run(async () => {
      await this.#store.delete(name.text)
      return this.#names.delete(name.text)
    })
  }
}
