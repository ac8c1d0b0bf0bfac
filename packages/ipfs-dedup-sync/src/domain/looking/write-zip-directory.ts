import { readLittleEndian } from '../recipe/little-endian.ts'
import type { Step } from '../recipe/step.ts'
import type { ByteCursor } from './byte-cursor.ts'
import type { Looking } from './looking.ts'
import type { ZipDirectory } from './zip-directory.ts'
import { CENTRAL_BYTES, centralRecordBytes, END64_BYTES, END_BYTES, LOCATOR_BYTES, readCentralRecord } from './zip-record.ts'

/** A number in a record that follows from where things stand. */
interface ToldPlace { readonly at: number, readonly width: number, readonly value: number, readonly step: () => Step }

/**
 * The central directory and what comes up to zip's end record: where members stand is told by marks, so that a record changes only with its own member.
 * @param cursor at the directory's beginning; behind the fixed part of the end record afterwards
 * @param marks as the members were written: the first one, 0, stands where offsets count from
 */
export async function writeZipDirectory (look: Looking, cursor: ByteCursor, directory: ZipDirectory, marks: { readonly of: Int32Array, readonly count: number }): Promise<void> {
  const { base, start, end } = directory
  let placed = -1
  const place = (mark: number, width: number): Step => {
    const step = { kind: 'place' as const, ahead: mark - placed - 1, width }
    placed = mark
    return step
  }
  const write = async (record: Uint8Array, places: readonly ToldPlace[]): Promise<void> => {
    let from = 0
    for (const { at, width, value, step } of places) {
      if (readLittleEndian(record, at, width) !== value) continue
      await look.recipe.bytes(record.subarray(from, at))
      await look.recipe.step(step())
      from = at + width
    }
    await look.recipe.bytes(record.subarray(from))
  }

  const atStart = marks.count
  const atEnd = marks.count + 1
  await look.recipe.step({ kind: 'mark' })
  for (let i = 0; cursor.at < end; i++) {
    look.deps.signal.throwIfAborted()
    const size = centralRecordBytes(await cursor.peek(CENTRAL_BYTES))
    if (size === undefined) break // somebody writes to the file: that is seen later
    const record = await cursor.take(size)
    const told = readCentralRecord(record)
    const mark = marks.of[i] ?? 0
    await write(record, mark === 0 ? [] : [{ ...told.place, value: directory.localAt[i]! - base, step: () => place(mark, told.place.width) }])
  }
  await look.recipe.step({ kind: 'mark' })
  const size = (at: number, width: number): ToldPlace => ({ at, width, value: end - start, step: () => ({ kind: 'span', from: 1, to: 0, width }) })
  const offset = (at: number, width: number, mark: number): ToldPlace => ({ at, width, value: (mark === atStart ? start : end) - base, step: () => place(mark, width) })
  const last = await cursor.peek(END64_BYTES + LOCATOR_BYTES + END_BYTES)
  if (last[2] === 6 && last[3] === 6) await write(await cursor.take(END64_BYTES + LOCATOR_BYTES), [size(40, 8), offset(48, 8, atStart), offset(END64_BYTES + 8, 8, atEnd)])
  await write(await cursor.take(END_BYTES), [size(12, 4), offset(16, 4, atStart)])
}
