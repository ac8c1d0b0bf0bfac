/** Which of two records of one name holds. Spec: docs/protocols/ipns-records.md, "Choosing". Pure. */
import { compareBytes, sameBytes } from './compare-bytes.ts'
import type { IpnsRecord } from './ipns-record.ts'

/** What the second of two records is to the first. */
export type Relation = 'same' | 'newer' | 'older' | 'renewal' | 'outlived' | 'fork'

/**
 * The total order, for `sort`: sequence, end of validity, signed data. Only records that sign the same tie.
 * @returns 1 when `a` is the better one
 */
export function compareRecords (a: IpnsRecord, b: IpnsRecord): -1 | 0 | 1 {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1
  if (a.validity.unixNs !== b.validity.unixNs) return a.validity.unixNs < b.validity.unixNs ? -1 : 1
  return compareBytes(a.data, b.data)
}

/** @param a of the same name as `b` */
export function relateRecords (a: IpnsRecord, b: IpnsRecord): Relation {
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? 'newer' : 'older'
  const order = compareRecords(a, b)
  if (order === 0) return 'same'
  if (!sameBytes(a.valueBytes, b.valueBytes)) return 'fork'
  return order < 0 ? 'renewal' : 'outlived'
}
