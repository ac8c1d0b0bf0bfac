import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { AppError } from '@ipkit/core/errors/app-error'
import type { Exchange, RecordDesk, RecordPlace, RecordSource } from '../src/domain/exchange.ts'

export type End = RecordSource & RecordPlace

/** An exchange between homes of one process: whoever is connected is a source and a place. */
export class MemoryExchange implements Exchange {
  readonly label: string
  desk: RecordDesk | undefined
  readonly listened = new Set<string>()
  /** Each record that was handed over, in order: to whom, and the bytes. */
  readonly handed: Array<{ readonly to: string, readonly record: Uint8Array }> = []
  /** How often anybody was asked. */
  asked = 0
  readonly #ends = new Map<string, End>()
  readonly #onReach = new Set<() => void>()

  constructor (label: string) { this.label = label }

  sources (): RecordSource[] { return [...this.#ends.values()] }
  places (): RecordPlace[] { return [...this.#ends.values()] }

  named ([first = '']: readonly string[]): End {
    const end = this.#ends.get(first)
    if (end === undefined) throw new AppError('ADDRESS_INVALID', `${first} is no address`, { exit: 'usage' })
    return end
  }

  onReach (changed: () => void): () => void {
    this.#onReach.add(changed)
    return () => { this.#onReach.delete(changed) }
  }

  listen (name: IpnsName): void { this.listened.add(name.text) }
  unlisten (name: IpnsName): void { this.listened.delete(name.text) }

  add (end: End): void {
    this.#ends.set(end.label, {
      label: end.label,
      ask: async (name, signal) => { this.asked++; return await end.ask(name, signal) },
      put: async (name, record, signal) => { this.handed.push({ to: end.label, record }); await end.put(name, record, signal) },
    })
    for (const changed of this.#onReach) changed()
  }

  remove (label: string): void { this.#ends.delete(label) }
}

/** Both see each other from now on. */
export function connect (a: MemoryExchange, b: MemoryExchange): void {
  a.add(endOf(b, a.label))
  b.add(endOf(a, b.label))
}

export function disconnect (a: MemoryExchange, b: MemoryExchange): void {
  a.remove(b.label)
  b.remove(a.label)
}

function endOf (exchange: MemoryExchange, from: string): End {
  return {
    label: exchange.label,
    ask: async name => await exchange.desk!.lookup(name),
    put: async (name, record) => { await exchange.desk!.offer(name, record, from) },
  }
}
