import { AppError } from '@ipkit/core/errors/app-error'
import { decodeKeptRoot, encodeKeptRoot, ROOT_PREFIX } from '../domain/keeping/kept-root.ts'
import type { KeptRoot, RootFacts } from '../domain/keeping/shelf.ts'
import { childMissing, countChildren, type ShelfParts } from './shelf-parts.ts'

/** Which roots are kept. A change is durable when it resolves. */
export class KeptRoots {
  readonly #parts: ShelfParts

  constructor (parts: ShelfParts) { this.#parts = parts }

  async get (root: string): Promise<KeptRoot | undefined> {
    const value = await this.#parts.store.get(ROOT_PREFIX + root)
    return value === undefined ? undefined : decodeKeptRoot(value, root)
  }

  async * list (): AsyncGenerator<KeptRoot> {
    for await (const { key, value } of this.#parts.store.list(ROOT_PREFIX)) {
      const root = key.slice(ROOT_PREFIX.length)
      yield decodeKeptRoot(value, root)
    }
  }

  /** @param check throws where it may not be kept after all @throws AppError CHILD_MISSING */
  async keep (root: string, facts: RootFacts, check: () => void): Promise<void> {
    await this.#change(root, async (kept, setRecord) => {
      const isHere = await this.#parts.whenSettled([root], view => {
        check()
        if (view.get(root)?.whole !== true) return false
        if (kept === undefined) countChildren(view, [root], 1)
        setRecord({ ...facts, root, atMs: this.#parts.nowMs() })
        return true
      })
      if (!isHere) throw childMissing(root)
    })
  }

  /** @throws AppError ROOT_UNKNOWN */
  async note (root: string, change: (facts: RootFacts) => RootFacts): Promise<void> {
    await this.#change(root, async (kept, setRecord) => {
      if (kept === undefined) throw new AppError('ROOT_UNKNOWN', `${root} is not kept here`, { exit: 'notFound' })
      const { root: _root, atMs, ...facts } = kept
      setRecord({ ...change(facts), root, atMs })
    })
  }

  /** @returns whether it was kept */
  async drop (root: string): Promise<boolean> {
    return await this.#change(root, async (kept, setRecord) => {
      if (kept === undefined) return false
      await this.#parts.index.change([root], view => {
        countChildren(view, [root], -1)
        setRecord(undefined)
      })
      return true
    })
  }

  async #change<T> (root: string, act: (kept: KeptRoot | undefined, setRecord: (kept: KeptRoot | undefined) => void) => Promise<T>): Promise<T> {
    const parts = this.#parts
    return await parts.rootChanges.run(async () => {
      const { rollbacks } = parts
      const result = await act(await this.get(root), kept => { parts.index.setOther(ROOT_PREFIX + root, kept === undefined ? undefined : encodeKeptRoot(kept)) })
      await parts.commit()
      if (parts.rollbacks !== rollbacks) throw parts.rollbackCause // somebody else's commit failed, and took this with it
      return result
    })
  }
}
