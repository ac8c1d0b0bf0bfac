/** The names that are kept alive: published from here, or followed. Few, so all are in memory; each change is durable before it is seen. */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import { NO_HANDOVER, type Handover } from './handover.ts'
import { damagedName, decodeKeptName, encodeKeptName, type KeptName } from './kept-name.ts'

export interface KeptNamesDeps {
  readonly store: KeyValueStore
  readonly report: (what: string, error: unknown) => void
}

/** Calls may overlap: changes are made one after the other. */
export class KeptNames {
  readonly #store: KeyValueStore
  readonly #names = new Map<string, KeptName>()
  readonly #damaged = new Set<string>()
  readonly #changes = new SerialQueue()

  private constructor (store: KeyValueStore) { this.#store = store }

  /** An entry that cannot be read is left as it is: the name refuses to be published until it is forgotten. */
  static async open ({ store, report }: KeptNamesDeps): Promise<KeptNames> {
    const kept = new KeptNames(store)
    for await (const { key, value } of store.list('')) {
      try {
        kept.#names.set(key, decodeKeptName(key, value))
      } catch (e) {
        if (!isAppError(e)) throw e
        kept.#damaged.add(key)
        report(`the name ${key} is not kept alive`, e)
      }
    }
    return kept
  }

  /** @throws AppError KEPT_NAME_DAMAGED */
  get (name: IpnsName): KeptName | undefined {
    if (this.#damaged.has(name.text)) throw damagedName(name.text, 'it could not be read')
    return this.#names.get(name.text)
  }

  /** Like `get`, for whoever only looks: undefined also for an entry that cannot be read. */
  find (name: IpnsName): KeptName | undefined { return this.#names.get(name.text) }

  /** Also one that cannot be read. */
  has (name: IpnsName): boolean { return this.#names.has(name.text) || this.#damaged.has(name.text) }

  /** Own ones first, then by name. */
  all (): KeptName[] {
    return [...this.#names.values()].sort((a, b) => (a.own === null ? 1 : 0) - (b.own === null ? 1 : 0) || (a.name.text < b.name.text ? -1 : 1))
  }

  /**
   * Durable when it resolves; nothing has changed when it throws.
   * @param edit makes the new entry of the one before, which is not ours and not followed when there was none; such a one goes
   * @throws AppError KEPT_NAME_DAMAGED, and what the store throws
   */
  async change (name: IpnsName, edit: (before: KeptName) => KeptName): Promise<void> {
    await this.#changes.run(async () => {
      const stored = this.get(name)
      const before = stored ?? { name, own: null, followedSinceMs: null, handover: NO_HANDOVER }
      const after = edit(before)
      if (after === before) return
      if (after.own === null && after.followedSinceMs === null) {
        if (stored !== undefined) await this.#store.delete(name.text)
        this.#names.delete(name.text)
      } else {
        await this.#store.put(name.text, encodeKeptName(after))
        this.#names.set(name.text, after)
      }
    })
  }

  /** Only of a name that is kept: of another it does nothing. */
  async changeHandover (name: IpnsName, edit: (before: Handover) => Handover): Promise<void> {
    await this.change(name, before => {
      const handover = edit(before.handover)
      return handover === before.handover ? before : { ...before, handover }
    })
  }

  /** For `forget`: what cannot be read goes; an own name keeps its highest sequence. */
  async dropDamaged (name: IpnsName): Promise<void> {
    await this.#changes.run(async () => {
      if (!this.#damaged.has(name.text)) return
      await this.#store.delete(name.text)
      this.#damaged.delete(name.text)
    })
  }
}
