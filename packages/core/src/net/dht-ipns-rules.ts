/** What the DHTs ask about records under `/ipns/`: which ones they take in and pass on, and which of several is the best. Spec: docs/protocols/ipns-records.md. */
import { AppError } from '../errors/app-error.ts'
import { compareRecords } from '../names/choose-record.ts'
import { nameFromRoutingKey, type IpnsName } from '../names/ipns-name.ts'
import { decodeRecord, type IpnsRecord } from '../names/ipns-record.ts'
import { judgeFreshness } from '../names/validity.ts'
import { verifyRecord } from '../names/verify-record.ts'
import type { Clock } from '../time/clock.ts'

export interface DhtRules {
  /** @throws AppError RECORD_*, NAME_INVALID: not to be kept or passed on */
  validate(key: Uint8Array, value: Uint8Array): Promise<void>
  /** @param values each as `validate` lets it through @returns the index of the best */
  select(key: Uint8Array, values: readonly Uint8Array[]): number
  /** Whether `held` is to stay where `came` is offered. Both as `validate` let them through, `held` perhaps long ago. */
  isBetter(key: Uint8Array, held: Uint8Array, came: Uint8Array): boolean
}

export function dhtIpnsRules (clock: Pick<Clock, 'now'>): DhtRules {
  const isFresh = (record: IpnsRecord): boolean => judgeFreshness(record.validity, clock.now()).state === 'fresh'
  return {
    async validate (key, value) {
      const record = await verifyRecord(nameOf(key), value)
      if (!isFresh(record)) throw new AppError('RECORD_EXPIRED', `the record has expired at ${record.validity.text}`, { exit: 'refused' })
    },
    select (key, values) {
      const name = nameOf(key)
      const records = values.map(value => decodeRecord(name, value))
      return records.reduce((best, record, i) => compareRecords(records[best]!, record) < 0 ? i : best, 0)
    },
    isBetter (key, held, came) {
      const name = nameOf(key)
      const kept = decodeRecord(name, held)
      return isFresh(kept) && compareRecords(kept, decodeRecord(name, came)) > 0
    },
  }
}

function nameOf (key: Uint8Array): IpnsName {
  const name = nameFromRoutingKey(key)
  if (name === undefined) throw new AppError('NAME_INVALID', 'the key is not that of an IPNS name', { exit: 'refused' })
  return name
}
