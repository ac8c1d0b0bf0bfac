import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { codeOf } from '@ipkit/core/errors/code-of'
import { parseName } from '@ipkit/core/names/ipns-name'
import { SerialQueue } from '@ipkit/core/streams/serial-queue'
import type { KeptRoot, Shelf } from '../keeping/shelf.ts'
import type { Histories } from '../versions/histories.ts'
import { isOwn } from '../versions/known-name.ts'
import type { KnownNames } from '../versions/known-names.ts'
import { allowPeer, ANYONE, anyOf, decodeRule, denyPeer, encodeRule, mayByRule, type ServeRule } from './serve-rules.ts'

export interface ServePolicyDeps {
  /** Rules, by scope: `*` for everything, else a root or a name. */
  readonly store: KeyValueStore
  readonly shelf: Pick<Shelf, 'root'>
  readonly histories: Pick<Histories, 'namesOf'>
  readonly known: KnownNames
}

export const EVERYTHING = '*'

/** What is served, and to whom. A rule for a root counts before those of names, those before the one for everything; where a root stands in several histories, one that gives it is enough. */
export class NodeServePolicy {
  readonly #deps: ServePolicyDeps
  readonly #changes = new SerialQueue()
  /** What is pushed to somebody who may not have it otherwise: `<peer> <root or name>`, with how often. */
  readonly #lent = new Map<string, number>()

  constructor (deps: ServePolicyDeps) { this.#deps = deps }

  /** Whether a peer that knows the root may have it. Never throws for damaged rules: nobody may, then. */
  async may (peer: string, root: string): Promise<boolean> {
    const kept = await this.#deps.shelf.root(root)
    if (kept === undefined) return false
    if (this.#lent.has(`${peer} ${root}`)) return true
    const names = await this.namesServing(kept)
    if (!kept.served && names.length === 0) return false
    return await this.#orNobody(async () => {
      const own = await this.#rule(root)
      if (own !== undefined) return mayByRule(own, peer)
      for (const name of names) if (await this.#mayByName(peer, name)) return true
      return kept.served && await this.#mayByName(peer, undefined)
    })
  }

  /**
   * Served names through which a root is served: those that are published here, and the one that it came by. Somebody else's name that calls it a version opens nothing: it may say so of
   * whatever root its owner has heard of.
   */
  async namesServing ({ root, of }: Pick<KeptRoot, 'root' | 'of'>): Promise<string[]> {
    const { histories, known } = this.#deps
    return (await histories.namesOf(root)).filter(text => {
      const item = known.get(parseName(text))
      return item?.served === true && (isOwn(item) || of === text)
    })
  }

  /** Whether a peer that knows the name is told of its versions. @param name canonical text */
  async mayAskFor (peer: string, name: string): Promise<boolean> {
    return this.#lent.has(`${peer} ${name}`) || this.#isServed(name) && await this.#orNobody(async () => await this.#mayByName(peer, name))
  }

  /** Whoever we push something to may fetch it, for as long as that goes on. @param what a root or a name @returns ends it */
  lend (peer: string, what: string): Disposable {
    const key = `${peer} ${what}`
    this.#lent.set(key, (this.#lent.get(key) ?? 0) + 1)
    return {
      [Symbol.dispose]: () => {
        const left = this.#lent.get(key)! - 1
        if (left === 0) this.#lent.delete(key)
        else this.#lent.set(key, left)
      },
    }
  }

  /** Whether what a peer pushes is taken: only of one that was named. @param name undefined: a root alone */
  async mayPush (peer: string, name: string | undefined): Promise<boolean> {
    return await this.#orNobody(async () => {
      const rules = [await this.#rule(EVERYTHING), ...name === undefined ? [] : [await this.#rule(name)]]
      return rules.some(rule => rule?.allowed.includes(peer) === true) && !rules.some(rule => rule?.denied.includes(peer) === true)
    })
  }

  /** @returns the rule that holds for a scope alone; undefined: none was made */
  async rule (scope: string): Promise<ServeRule | undefined> { return await this.#rule(scope) }

  /** Durable when it resolves. @param peer undefined: anyone @throws AppError TOO_MANY_PEERS */
  async allow (scope: string, peer: string | undefined): Promise<ServeRule> { return await this.#change(scope, rule => allowPeer(rule, peer)) }

  /** Durable when it resolves. @param peer undefined: anyone @throws AppError TOO_MANY_PEERS */
  async deny (scope: string, peer: string | undefined): Promise<ServeRule> { return await this.#change(scope, rule => denyPeer(rule, peer)) }

  async forget (scope: string): Promise<void> {
    await this.#changes.run(async () => { await this.#deps.store.delete(scope) })
  }

  async * rules (): AsyncGenerator<{ readonly scope: string, readonly rule: ServeRule }> {
    for await (const { key: scope, value } of this.#deps.store.list('')) yield { scope, rule: decodeRule(scope, value) }
  }

  /** The first rule of a scope begins as what holds for it already: saying one thing more never opens what was shut. */
  async #change (scope: string, edit: (rule: ServeRule) => ServeRule): Promise<ServeRule> {
    return await this.#changes.run(async () => {
      const after = edit(await this.#rule(scope).catch(wholeAgain) ?? await this.#above(scope).catch(wholeAgain))
      await this.#deps.store.put(scope, encodeRule(after))
      return after
    })
  }

  /** What holds where the scope has no rule of its own. */
  async #above (scope: string): Promise<ServeRule> {
    if (scope === EVERYTHING) return ANYONE
    const everything = await this.#rule(EVERYTHING) ?? ANYONE
    const kept = await this.#deps.shelf.root(scope)
    const rules = kept === undefined || kept.served ? [everything] : []
    for (const name of kept === undefined ? [] : await this.namesServing(kept)) rules.push(await this.#rule(name) ?? everything)
    return anyOf(rules.length === 0 ? [everything] : rules)
  }

  async #mayByName (peer: string, name: string | undefined): Promise<boolean> {
    const rule = (name === undefined ? undefined : await this.#rule(name)) ?? await this.#rule(EVERYTHING) ?? ANYONE
    return mayByRule(rule, peer)
  }

  #isServed (name: string): boolean { return this.#deps.known.get(parseName(name))?.served === true }

  async #rule (scope: string): Promise<ServeRule | undefined> {
    const stored = await this.#deps.store.get(scope)
    return stored === undefined ? undefined : decodeRule(scope, stored)
  }

  async #orNobody (judge: () => Promise<boolean>): Promise<boolean> {
    return await judge().catch((e: unknown) => {
      if (codeOf(e) === 'RULE_DAMAGED') return false
      throw e
    })
  }
}

/** What is damaged is made anew by who says it again, and stays shut until then. */
function wholeAgain (e: unknown): ServeRule {
  if (codeOf(e) === 'RULE_DAMAGED') return { open: false, allowed: [], denied: [] }
  throw e
}
