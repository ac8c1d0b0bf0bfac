import { beforeEach, describe, expect, test } from '@jest/globals'
import { EventLog } from '../../src/domain/event-log.ts'

interface Said { readonly word: string }
interface Rec { readonly words: string[], spoilt: boolean }

let disk: string[]
/** What the next appends do: 'lost' fails before the record stands there, 'kept' after. */
let faults: Array<'lost' | 'kept'>
let readable: boolean
let reports: unknown[]
let replays: number
let log: EventLog<Said, Rec>

beforeEach(() => {
  [disk, faults, readable, reports, replays] = [[], [], true, [], 0]
  log = new EventLog<Said, Rec>({
    place: {
      async append (bytes) {
        const fault = faults.shift()
        if (fault !== 'lost') disk.push((JSON.parse(new TextDecoder().decode(bytes)) as Said).word)
        if (fault !== undefined) throw new Error(`disk: ${fault}`)
      },
      replay: async () => ({ events: disk.map(word => new TextEncoder().encode(word)), damaged: false }),
    },
    read: ({ events }) => readable ? { words: events.map(bytes => new TextDecoder().decode(bytes)), spoilt: false } : undefined,
    apply: (record, { word }) => { if (!record.words.includes(word)) record.words.push(word) },
    spoil: record => { record.spoilt = true },
    isClosed: record => record.spoilt,
    replayed: () => { replays++ },
    report: e => { reports.push(e) },
  }, { words: [], spoilt: false })
})

describe('what is committed', () => {
  test('holds once it is durable, and not when the write failed', async () => {
    await log.commit({ word: 'a' })
    faults = ['lost']
    await expect(log.commit({ word: 'b' })).rejects.toThrow('disk: lost')
    expect([disk, log.record.words]).toEqual([['a'], ['a']])
    await log.refresh()
    expect([log.record.words, replays]).toEqual([['a'], 1])
  })

  test('holds after the next look at the log when it stands there though the write failed', async () => {
    faults = ['kept']
    await expect(log.commit({ word: 'a' })).rejects.toThrow('disk: kept')
    expect(log.record.words).toEqual([])
    await log.refresh()
    await log.refresh()
    expect([log.record.words, replays]).toEqual([['a'], 1])
  })
})

describe('what is noted', () => {
  test('holds at once, and is written as soon as the disk takes it', async () => {
    log.note({ word: 'a' })
    log.note({ word: 'b' })
    faults = ['lost']
    await log.flush()
    expect([disk, log.record.words, log.owes, reports.map(String)]).toEqual([[], ['a', 'b'], true, ['Error: disk: lost']])
    await log.flush()
    expect([disk, log.record.words, log.owes, reports.length]).toEqual([['a', 'b'], ['a', 'b'], false, 1])
  })
})

test('a log that cannot be read any more spoils the record, keeps what was noted, and takes no more', async () => {
  faults = ['lost']
  await expect(log.commit({ word: 'a' })).rejects.toThrow()
  log.note({ word: 'b' })
  readable = false
  await log.flush()
  expect([log.record, disk, reports]).toEqual([{ words: ['b'], spoilt: true }, [], []])
})
