import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatDuration, formatTime, parseDuration } from '@ipkit/core/cli/duration'
import { formatBytes, parseSize } from '@ipkit/core/cli/size'
import { stripControl, stripControlLines } from '@ipkit/core/cli/strip-control'
import { factsText, tableText } from '@ipkit/core/cli/table'

describe('durations', () => {
  test.each([['90s', 90_000], ['15m', 900_000], ['12h', 43_200_000], ['7d', 604_800_000], ['2w', 1_209_600_000], ['1d12h', 129_600_000]])('%s', (raw, ms) => {
    expect(parseDuration(raw, '--x')).toBe(ms)
  })
  test.each(['', '7', 'd', '7 d', '1.5h', '-1d', '1h1d', '1d1d', '0s', '3651d', '7D', '999999999999d'])('%p is refused', raw => {
    expect(() => parseDuration(raw, '--x')).toThrow(expect.objectContaining({ code: 'USAGE', exit: 'usage', message: expect.stringContaining(`'${raw}'`) as unknown }))
  })
  test.each([[0, '0 s'], [999, '0 s'], [61_000, '1 min 1 s'], [3_600_000, '1 h'], [3_601_000, '1 h'], [90_061_000, '1 d 1 h'], [-5, '0 s']])('%i ms is shown as %s', (ms, shown) => {
    expect(formatDuration(ms)).toBe(shown)
  })
  test('a time that a peer made up, beyond all calendars, is shown and no bug', () => { expect(formatTime(Number.MAX_SAFE_INTEGER)).toBe('after the year 275760') })
  test('a time is shown in UTC', () => { expect(formatTime(Date.UTC(2026, 2, 1, 12, 30, 59))).toBe('2026-03-01 12:30 UTC') })
})

describe('sizes', () => {
  test.each([['0', 0], ['512', 512], ['10MB', 10_000_000], ['1.5GiB', 1_610_612_736], ['1 kb', 1000], ['3k', 3000]])('%s', (raw, bytes) => { expect(parseSize(raw, '--x')).toBe(bytes) })
  test.each(['', 'MB', '1..5', '1e9', '-1', '5 bananas', '999999999999999TB'])('%p is refused', raw => { expect(() => parseSize(raw, '--x')).toThrow(expect.objectContaining({ code: 'USAGE' })) })
  test.each([[0, '0 B'], [999, '999 B'], [1000, '1.00 kB'], [999_499, '999 kB'], [999_500, '1.00 MB'], [45_600_000, '45.6 MB'], [9_995, '10.0 kB'], [5e12, '5.00 TB']])('%i is shown as %s', (bytes, shown) => { expect(formatBytes(bytes)).toBe(shown) })
  test('a shown size is never wider than 7 columns', () => { fc.assert(fc.property(fc.nat(2 ** 50), bytes => formatBytes(bytes).length <= 7)) })
})

describe('text from outside', () => {
  test.each([
    ['plain, ünïcode 😀', 'plain, ünïcode 😀'],
    ['\u001b]0;title\u0007x', ']0;titlex'],
    ['a\u009b31mb', 'a31mb'],
    ['two\r\nlines\tand a tab', 'two lines and a tab'],
    ['\u202egnp.exe', 'gnp.exe'],
    ['\ufeffa\u2028b\u0000', 'ab'],
  ])('%j', (raw, clean) => { expect(stripControl(raw)).toBe(clean) })
  test('lines stay lines where they may', () => { expect(stripControlLines('a\r\nb\tc\u001b[2J')).toBe('a\nb\tc[2J') })
  test('no control character is left, whatever came', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => !/\p{Cc}/u.test(stripControl(text)) && !/\p{Cc}/u.test(stripControlLines(text).replace(/[\n\t]/gu, ''))))
  })
})

test('a table stays in its columns and cuts what is too long', () => {
  const table = tableText([{ title: 'ID', width: 6 }, { title: 'SIZE', width: 7, align: 'right' }, { title: 'NAME', width: 10 }])
  expect([table.header, table.row(['abcdefgh', '12 B', 'a long name at the end']), table.row(['a', '1 B', ''])]).toEqual([
    'ID         SIZE  NAME',
    'abcde…     12 B  a long name at the end',
    'a           1 B',
  ])
})

test('facts stand under each other; what is unknown is left out', () => {
  expect(factsText([['peer', 'x'], ['addresses', 'a\nb'], ['pid', undefined]])).toBe('peer       x\naddresses  a\n           b')
})
