import { beforeEach, expect, test } from '@jest/globals'
import { LongFile, SYNC_EVERY_BYTES } from '@ipkit/core/storage/long-file'
import type { StorageFile } from '@ipkit/core/storage/storage-fs'

const MIB = 1024 * 1024
const lost = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
const idle = async (): Promise<void> => { await new Promise(resolve => { setImmediate(resolve) }) }

/** A disk whose syncs end when the test says so. */
let syncs: Array<{ readonly at: number, end(failure?: Error): Promise<void> }>
let writtenBytes: number
let closed: boolean
let file: LongFile

beforeEach(() => {
  syncs = []
  writtenBytes = 0
  closed = false
  const disk: Pick<StorageFile, 'write' | 'datasync' | 'close'> = {
    write: async (_bytes, _offset, length, position) => {
      expect(position).toBe(writtenBytes)
      writtenBytes += length
      return { bytesWritten: length }
    },
    datasync: async () => {
      await new Promise<void>((resolve, reject) => {
        syncs.push({ at: writtenBytes / MIB, async end (failure) { if (failure === undefined) resolve(); else reject(failure); await idle() } })
      })
    },
    close: async () => { closed = true },
  }
  file = new LongFile(disk as StorageFile)
})

const bytes = new Uint8Array(MIB)
async function write (mebibytes: number): Promise<void> {
  for (let n = 0; n < mebibytes; n++) await file.write(bytes, writtenBytes)
}

test('it is synced while it is written, one sync at a time, and once more at its end', async () => {
  expect(SYNC_EVERY_BYTES).toBe(32 * MIB)
  await write(31)
  expect(syncs.length).toBe(0)
  await write(50)
  expect(syncs.map(s => s.at)).toEqual([32])
  await syncs[0]!.end()
  await write(1)
  expect(syncs.map(s => s.at)).toEqual([32, 82])
  let finished = false
  const finishing = file.finish().then(() => { finished = true })
  await idle()
  expect(syncs.length).toBe(2) // not beside the one under way
  await syncs[1]!.end()
  expect([syncs.map(s => s.at), finished]).toEqual([[32, 82, 82], false])
  await syncs[2]!.end()
  await finishing
  expect([finished, file.doubtful]).toEqual([true, false])
})

test('a sync that failed while it was written fails the next write and the end, whatever a later sync would say', async () => {
  await write(32)
  await syncs[0]!.end(lost)
  await expect(write(1)).rejects.toBe(lost)
  await expect(file.finish()).rejects.toBe(lost)
  expect([writtenBytes, syncs.length, file.doubtful]).toEqual([32 * MIB, 1, true])
})

test('one that is still under way at the end fails the end', async () => {
  await write(32)
  const finishing = file.finish().catch((e: unknown) => e)
  await syncs[0]!.end(lost)
  expect([await finishing, syncs.length]).toEqual([lost, 1])
})

test('so does the last one', async () => {
  await write(1)
  const finishing = file.finish().catch((e: unknown) => e)
  await idle()
  await syncs[0]!.end(lost)
  expect([await finishing, file.doubtful]).toEqual([lost, true])
})

test('closing waits for the sync under way, and then it is known whether it failed', async () => {
  await write(32)
  const closing = file.close()
  await idle()
  expect(closed).toBe(false)
  await syncs[0]!.end(lost)
  await closing
  expect([closed, file.doubtful]).toEqual([true, true])
})
