import { readdirSync, readFileSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createAppendLog, openAppendLog, MAX_RECORD_BYTES } from '@ipkit/core/storage/append-log'
import { faultyFs } from '@ipkit/testkit/faulty-fs'
import fc from 'fast-check'

let dir: string
beforeEach(async () => { dir = await fs.mkdtemp(path.join(os.tmpdir(), 'append-log-')) })
afterEach(async () => { await fs.rm(dir, { recursive: true }) })

const text = (s: string): Uint8Array => new TextEncoder().encode(s)
const fixtures = path.join(import.meta.dirname, 'damaged/append-log')

/** Opens, collects the records, appends `more`. @returns what a user of the log can see */
async function opened (file: string, more?: string): Promise<{ records: string[], code: string | undefined }> {
  const records: string[] = []
  try {
    const log = await openAppendLog(file, r => records.push(Buffer.from(r).toString()))
    if (log === undefined) return { records, code: 'ABSENT' }
    if (more !== undefined) await log.append(text(more))
    await log.close()
    return { records, code: undefined }
  } catch (e) {
    return { records, code: (e as { code: string }).code }
  }
}

// Written from docs/formats/append-log.md, not by this program: the first line says what must come of the file.
test.each(readdirSync(fixtures))('damaged state %s', async name => {
  const [note, ...hex] = readFileSync(path.join(fixtures, name), 'utf8').trim().split('\n')
  const [, verdict, count, code] = note!.split(' ')
  const bytes = Buffer.from(hex.join(''), 'hex')
  const file = path.join(dir, 'log')
  await fs.writeFile(file, bytes)
  const first = await opened(file, 'more')
  expect(first).toEqual({ records: ['one', 'two', 'three'].slice(0, Number(count)), code })
  if (verdict === 'closes') expect(await fs.readFile(file)).toEqual(bytes) // a closed log is left as it was found
  else expect((await opened(file)).records).toEqual([...first.records, 'more'])
})

test('the bytes are those of the format', async () => {
  const file = path.join(dir, 'log')
  const log = await createAppendLog(file)
  for (const r of ['one', 'two', 'three']) await log.append(text(r))
  await log.close()
  expect((await fs.readFile(file)).toString('hex')).toBe(readFileSync(path.join(fixtures, 'whole.hex'), 'utf8').split('\n').slice(1).join(''))
  expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
})

test('a log that was cut anywhere opens with the records before the cut, and never with half of one', async () => {
  const whole = Buffer.from(readFileSync(path.join(fixtures, 'whole.hex'), 'utf8').split('\n').slice(1).join(''), 'hex')
  const file = path.join(dir, 'log')
  for (let size = 0; size <= whole.length; size++) {
    await fs.writeFile(file, whole.subarray(0, size))
    const count = [27, 46, 67].filter(end => end <= size).length
    expect(await opened(file)).toEqual({ records: ['one', 'two', 'three'].slice(0, count), code: undefined })
  }
})

test('no flipped bit goes unnoticed, and none makes a record disappear silently', async () => {
  const whole = Buffer.from(readFileSync(path.join(fixtures, 'whole.hex'), 'utf8').split('\n').slice(1).join(''), 'hex')
  const file = path.join(dir, 'log')
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    await fs.writeFile(file, bytes)
    const { records, code } = await opened(file)
    expect([code, records.length < 3]).toEqual([expect.stringMatching(/^LOG_(DAMAGED|VERSION)$/), true])
  }
})

test('records of any size and content come back in order, also when appended at the same time', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { maxLength: 20 }), async records => {
    const file = path.join(dir, 'log')
    await fs.rm(file, { force: true })
    const log = await createAppendLog(file)
    await Promise.all(records.map(async r => { await log.append(r) }))
    await log.close()
    const back: string[] = []
    await (await openAppendLog(file, r => back.push(Buffer.from(r).toString('hex'))))!.close()
    expect(back).toEqual(records.map(r => Buffer.from(r).toString('hex')))
  }), { numRuns: 25 })
})

test('a record of the greatest size after many small ones comes back', async () => {
  const file = path.join(dir, 'log')
  const log = await createAppendLog(file)
  for (let i = 0; i < 300; i++) await log.append(new Uint8Array(1000).fill(i))
  await log.append(new Uint8Array(MAX_RECORD_BYTES).fill(7))
  await log.append(text('end'))
  await log.close()
  const sizes: number[] = []
  await (await openAppendLog(file, r => sizes.push(r.length)))!.close()
  expect(sizes).toEqual([...Array<number>(300).fill(1000), MAX_RECORD_BYTES, 3])
})

test('there is no log where there is no file, and one is not made over another', async () => {
  expect((await opened(path.join(dir, 'log'))).code).toBe('ABSENT')
  await (await createAppendLog(path.join(dir, 'log'))).close()
  await expect(createAppendLog(path.join(dir, 'log'))).rejects.toMatchObject({ code: 'EEXIST' })
})

test('a failed write is final: the log takes nothing more until it is opened again', async () => {
  const file = path.join(dir, 'log')
  for (const kind of ['full', 'fail'] as const) {
    for (const step of ['append', 'datasync']) {
      await fs.rm(file, { force: true })
      const dry = faultyFs()
      const dryLog = await createAppendLog(file, { fs: dry }); await dryLog.append(text('one')); await dryLog.close()
      await fs.rm(file)
      const faulty = faultyFs({ at: dry.steps.findLastIndex(s => s.startsWith(step)), kind })
      const log = await createAppendLog(file, { fs: faulty })
      await expect(log.append(text('one'))).rejects.toMatchObject({ code: kind === 'full' ? 'DISK_FULL' : 'EIO' })
      faulty.repair()
      expect(log.failed).toBe(true)
      await expect(log.append(text('two'))).rejects.toMatchObject({ code: 'LOG_FAILED' })
      await log.close()
      // Nothing of 'two'; of 'one' either all or nothing.
      expect(['', 'one']).toContain((await opened(file, 'three')).records.join())
      expect((await opened(file)).records.at(-1)).toBe('three')
    }
  }
})

test.each(['full', 'fail', 'kill', 'torn'] as const)('%s at any step of make, append, append, open, append: what was acknowledged is there', async kind => {
  const file = path.join(dir, 'log')
  const run = async (faulty: ReturnType<typeof faultyFs>): Promise<string[]> => {
    const done: string[] = []
    try {
      const log = await createAppendLog(file, { fs: faulty })
      for (const r of ['one', 'two']) { await log.append(text(r)); done.push(r) }
      await log.close()
      const again = await openAppendLog(file, () => {}, { fs: faulty })
      await again!.append(text('three')); done.push('three')
      await again!.close()
    } catch (e) { expect((e as { code?: string }).code).toMatch(/DISK_FULL|EIO|KILLED/) }
    return done
  }
  const dry = faultyFs()
  expect(await run(dry)).toEqual(['one', 'two', 'three'])
  for (let at = 0; at < dry.steps.length; at++) {
    await fs.rm(file, { force: true })
    const done = await run(faultyFs({ at, kind }))
    const { records, code } = await opened(file)
    expect([undefined, 'ABSENT']).toContain(code)
    // At most the one that was being written may stand there beside those that were acknowledged.
    expect(records.slice(0, done.length)).toEqual(done)
    expect(records).toEqual(['one', 'two', 'three'].slice(0, records.length))
    expect(records.length - done.length).toBeLessThanOrEqual(1)
  }
})

test('a full disk while a log is made leaves no file', async () => {
  const dry = faultyFs()
  await (await createAppendLog(path.join(dir, 'dry'), { fs: dry })).close()
  for (let at = 0; at < dry.steps.length; at++) {
    await expect(createAppendLog(path.join(dir, 'log'), { fs: faultyFs({ at, kind: 'full' }) })).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await fs.readdir(dir)).toEqual(['dry'])
  }
})

test('a record that only the page cache has after a failed fsync is written again before anybody relies on it', async () => {
  const file = path.join(dir, 'log')
  const log = await createAppendLog(file)
  await log.append(text('one'))
  await log.append(text('claimed'))
  await log.close()
  const seen = faultyFs()
  await (await openAppendLog(file, () => {}, { fs: seen }))!.close()
  expect(seen.steps).toEqual(['open r+ log', 'overwrite log 23', 'sync log'])
})
