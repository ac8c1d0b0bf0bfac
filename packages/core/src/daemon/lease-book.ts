import { readFileSync } from 'node:fs'
import { AppError } from '../errors/app-error.ts'
import { codeOf, messageOf } from '../errors/code-of.ts'
import { array, check, integer, literal, object, string, type Infer } from '../schema/schema.ts'
import { atomicWrite } from '../storage/atomic-write.ts'
import type { Clock } from '../time/clock.ts'
import type { LeaseHolder } from './service.ts'

export const MAX_LEASES = 10_000

const leaseSchema = object({
  service: string({ min: 1, max: 64 }),
  id: string({ min: 1, max: 256 }),
  /** For people: what is waited for. */
  reason: string({ max: 256 }),
  untilMs: integer(),
})
const fileSchema = object({ version: literal(1), leases: array(leaseSchema, { max: MAX_LEASES }) })
export type Lease = Infer<typeof leaseSchema>

/**
 * Who needs the node although no client is connected, and until when. Durable (leases.json): a hold has survived a crash once its
 * promise is resolved. An expired lease counts no more and leaves the file at the next change.
 */
export class LeaseBook {
  readonly #file: string
  readonly #clock: Clock
  #leases: Map<string, Lease>
  #written: Promise<void> = Promise.resolve()

  private constructor (file: string, clock: Clock, leases: readonly Lease[]) {
    this.#file = file
    this.#clock = clock
    this.#leases = new Map(leases.map(l => [keyOf(l.service, l.id), l]))
  }

  /** @throws AppError LEASES_DAMAGED */
  static open (file: string, clock: Clock): LeaseBook {
    let text
    try {
      text = readFileSync(file, 'utf8')
    } catch (e) {
      if (codeOf(e) === 'ENOENT') return new LeaseBook(file, clock, [])
      throw e
    }
    try {
      return new LeaseBook(file, clock, check(fileSchema, JSON.parse(text), 'leases').leases)
    } catch (e) {
      throw new AppError('LEASES_DAMAGED', `${file} cannot be read: ${messageOf(e)}`, { cause: e, hints: ['move it away: services take their leases again when they start'] })
    }
  }

  /** Leases that hold now. */
  active (): Lease[] {
    const now = this.#clock.now()
    return [...this.#leases.values()].filter(l => l.untilMs > now)
  }

  /** The book as one service sees it. */
  holder (service: string): LeaseHolder {
    return {
      hold: async (id, { reason, untilMs }) => {
        const lease = check(leaseSchema, { service, id, reason, untilMs }, 'lease')
        const key = keyOf(service, id)
        if (!this.#leases.has(key) && this.active().length >= MAX_LEASES) throw new AppError('TOO_MANY_LEASES', `there are ${MAX_LEASES} leases already`, { exit: 'busy' })
        await this.#change(leases => { leases.set(key, lease) })
      },
      release: async id => {
        if (this.#leases.has(keyOf(service, id))) await this.#change(leases => { leases.delete(keyOf(service, id)) })
      },
    }
  }

  /** One change at a time; what cannot be written did not happen. */
  async #change (edit: (leases: Map<string, Lease>) => void): Promise<void> {
    const step = this.#written.then(async () => {
      const now = this.#clock.now()
      const next = new Map([...this.#leases].filter(([, l]) => l.untilMs > now))
      edit(next)
      await atomicWrite(this.#file, new TextEncoder().encode(`${JSON.stringify({ version: 1, leases: [...next.values()] })}\n`))
      this.#leases = next
    })
    this.#written = step.catch(() => {})
    await step
  }
}

const keyOf = (service: string, id: string): string => `${service}\0${id}`
