import { expect, test } from '@jest/globals'
import { durationWords, fileNameFor, secondsWords, sizeWords, timeWords } from '../../web/plain-words.ts'
import { keptKeys } from '../../web/kept-keys.ts'
import { collectContent, MAX_SHOWN_BYTES } from '../../web/collect-content.ts'

test.each([[0, '0 bytes'], [1, '1 byte'], [999, '999 bytes'], [1000, '1 KB'], [1113, '1.1 KB'], [9949, '9.9 KB'], [9950, '10 KB'], [999_499, '999 KB'], [999_500, '1 MB'], [256_000_000, '256 MB'], [1e12, '1 TB']])('%i bytes are %s', (bytes, words) => {
  expect(sizeWords(bytes)).toBe(words)
})

test.each([[0, 'less than a minute'], [59_999, 'less than a minute'], [60_000, '1 minute'], [3_540_000, '59 minutes'], [3_600_000, '1 hour'], [86_399_000, '24 hours'], [604_799_000, '7 days']])('%i ms are %s', (ms, words) => {
  expect(durationWords(ms)).toBe(words)
})

test('times name the day only where it is another one, and the year only where it is another one', () => {
  const now = Date.UTC(2026, 10, 20, 12)
  expect(timeWords(now + 3_600_000, now, 'UTC')).toBe('today at 13:00')
  expect(timeWords(now + 13 * 3_600_000, now, 'UTC')).toBe('21 Nov at 01:00')
  expect(timeWords(Date.UTC(2027, 0, 3, 9, 5), now, 'UTC')).toBe('3 Jan 2027 at 09:05')
  expect(timeWords(now + 13 * 3_600_000, now, 'America/New_York')).toBe('today at 20:00')
})

test('what is left of a transfer', () => {
  expect([0, 1.2, 89, 91, 600].map(secondsWords)).toEqual(['about 1 s left', 'about 1 s left', 'about 89 s left', 'about 2 min left', 'about 10 min left'])
})

test.each([
  ['report.pdf', 'report.pdf'], ['../../etc/passwd', 'passwd'], ['C:\\Windows\\x.dll', 'x.dll'], ['.bashrc', 'bashrc'], ['..', 'message'], ['', 'message'], [null, 'message'],
  ['a\u0000b\nc\u007f\u0085.txt', 'abc.txt'], ['invoice\u202etxt.exe', 'invoicetxt.exe'], ['\ufeff\u200bx', 'x'], ['a<b>:c|d?.txt ', 'abcd.txt'], ['Grüße 日本.txt', 'Grüße 日本.txt'],
])('%j is saved as %j', (name, saved) => { expect(fileNameFor(name)).toBe(saved) })

test('a reader key outlives a reload where the browser keeps things, and lives as long as the page where it does not', () => {
  const store = new Map<string, string>()
  const session = { getItem: (k: string) => store.get(k) ?? null, setItem: (k: string, v: string) => { store.set(k, v) }, removeItem: (k: string) => { store.delete(k) } }
  const [id, key] = [new Uint8Array(16).fill(1), new Uint8Array(32).fill(2)]
  keptKeys(session).keep(id, key)
  expect(keptKeys(session).get(id)).toEqual(key)
  expect(keptKeys(session).get(new Uint8Array(16))).toBeUndefined()
  keptKeys(session).drop(id)
  expect(keptKeys(session).get(id)).toBeUndefined()
  store.set('burn/AQEBAQEBAQEBAQEBAQEBAQ', 'nonsense!')
  expect(keptKeys(session).get(id)).toBeUndefined()
  const refuse = (): never => { throw new Error('quota') }
  for (const none of [undefined, { getItem: refuse, setItem: refuse, removeItem: refuse }]) {
    const kept = keptKeys(none)
    kept.keep(id, key)
    expect(kept.get(id)).toEqual(key)
    kept.drop(id)
    expect(kept.get(id)).toBeUndefined()
  }
})

test.each<[string, string | null, Uint8Array[], 'text' | 'file']>([
  ['text', null, [Uint8Array.of(0x47, 0xc3), Uint8Array.of(0xbc)], 'text'],
  ['nothing at all', null, [], 'text'],
  ['what is not UTF-8', null, [Uint8Array.of(0xff)], 'file'],
  ['a character cut in two', null, [Uint8Array.of(0xc3)], 'file'],
  ['text with a name', 'a.txt', [Uint8Array.of(0x41)], 'file'],
  ['text that nobody reads in a browser', null, [new Uint8Array(MAX_SHOWN_BYTES), Uint8Array.of(0x41)], 'file'],
])('%s', async (_what, name, parts, kind) => {
  const content = await collectContent({ name, content: (async function * () { yield * parts })() })
  expect(content.kind).toBe(kind)
  if (content.kind === 'text') expect(content.text).toBe(Buffer.concat(parts).toString())
})
