import { expect, test } from '@jest/globals'
import { parseChunker } from '../../src/domain/chunking/parse-chunker.ts'

test.each([
  ['fastcdc', { kind: 'fastcdc' }],
  ['buzhash', { kind: 'buzhash' }],
  ['size-1', { kind: 'size', sizeBytes: 1 }],
  ['size-2096896', { kind: 'size', sizeBytes: 2_096_896 }],
  ['rabin', { kind: 'rabin', min: 87_381, avg: 262_144, max: 393_216 }],
  ['js-rabin', { kind: 'js-rabin', min: 87_381, avg: 262_144, max: 393_216 }],
  ['rabin-48', { kind: 'rabin', min: 16, avg: 48, max: 72 }],
  ['rabin-101', { kind: 'rabin', min: 33, avg: 101, max: 151 }],
  ['rabin-1397931', { kind: 'rabin', min: 465_977, avg: 1_397_931, max: 2_096_896 }],
  ['rabin-18-25-32', { kind: 'rabin', min: 18, avg: 25, max: 32 }],
  ['rabin-19-21-2096896', { kind: 'rabin', min: 19, avg: 21, max: 2_096_896 }],
  ['js-rabin-16-17-18', { kind: 'js-rabin', min: 16, avg: 17, max: 18 }],
])('%s', (text, chunker) => { expect(parseChunker(text)).toEqual(chunker) })

test.each([
  ['', /^'' is no chunker: chunkers are fastcdc, size-N/],
  ['default', /is no chunker: chunkers are/],
  ['size', /chunkers are/], ['size-', /'' is no number of bytes/], ['size-0', /'0' is no number/], ['size-01', /'01' is no number/],
  ['size-+1', /'\+1' is no number/], ['size--1', /'' is no number/], ['size-1-2', /chunkers are/], ['size-1e3', /'1e3' is no number/], ['size- 1', /is no number/], ['size-1\n', /is no number/],
  ['size-2096897', /2096897 bytes are over the limit of 2096896/], ['size-99999999999', /is no number/],
  ['buzhash-1', /chunkers are/], ['fastcdc-1', /chunkers are/], ['BUZHASH', /chunkers are/],
  ['rabin-', /is no number/], ['rabin-47', /its smallest chunk would have 15 bytes, and the limit is 16/], ['rabin-15-23-31', /15 bytes, and the limit is 16/],
  ['rabin-20-20-21', /20, 20 and 21 do not rise/], ['rabin-19-21-21', /19, 21 and 21 do not rise/], ['rabin-19-21-2096897', /2096897 bytes are over the limit/],
  ['rabin-1397932', /its largest chunk would have 2096898 bytes/], ['rabin-1-2', /chunkers are/], ['rabin-1-2-3-4', /chunkers are/], ['rabin-min:512-avg:1024-max:2048', /'min:512' is no number/],
])('%j is refused', (text, message) => {
  expect(() => parseChunker(text)).toThrow(expect.objectContaining({ code: 'CHUNKER_INVALID', exit: 'usage', message: expect.stringMatching(message) }))
})

test('a slip of the fingers is answered with what was meant', () => {
  expect(() => parseChunker('buzhas')).toThrow(expect.objectContaining({ hints: ["did you mean '--chunker=buzhash'?"] }))
})
