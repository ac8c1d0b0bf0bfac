import { AppError } from '@ipkit/core/errors/app-error'
import { compareRecords } from '@ipkit/core/names/choose-record'
import type { VerifiedRecord } from '@ipkit/core/names/ipns-record'
import { judgeFreshness } from '@ipkit/core/names/validity'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import type { Clock } from '@ipkit/core/time/clock'
import type { RecordDesk } from '../src/domain/exchange.ts'

export interface MemoryDesk extends RecordDesk {
  readonly records: Map<string, VerifiedRecord>
  /** What was offered, also in vain: by whom, and how many bytes. */
  readonly offers: Array<{ readonly from: string, readonly sizeBytes: number }>
  /** Thrown at every call, once set. */
  fault: Error | undefined
}

/** A desk that keeps the best fresh record of each name. */
export function memoryDesk (clock: Clock, ...known: VerifiedRecord[]): MemoryDesk {
  const records = new Map(known.map(record => [record.name.text, record]))
  const isFresh = ({ validity }: VerifiedRecord): boolean => judgeFreshness(validity, clock.now()).state === 'fresh'
  return {
    records,
    offers: [],
    fault: undefined,
    async lookup (name) {
      if (this.fault !== undefined) throw this.fault
      const found = records.get(name.text)
      return found !== undefined && isFresh(found) ? found.bytes : undefined
    },
    async offer (name, bytes, from) {
      this.offers.push({ from, sizeBytes: bytes.length })
      if (this.fault !== undefined) throw this.fault
      const record = await verifyRecord(name, bytes)
      const before = records.get(name.text)
      if (before === undefined && !isFresh(record)) throw new AppError('RECORD_EXPIRED', 'expired', { exit: 'refused' })
      if (before !== undefined && compareRecords(before, record) >= 0) return 'known'
      records.set(name.text, record)
      return 'kept'
    },
  }
}
