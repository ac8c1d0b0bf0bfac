import { expect, test } from '@jest/globals'
import { typeInto } from '@ipkit/core/cli/prompt'

test.each([
  ['a line', ['hallo\r'], 'hallo', 'line'],
  ['key by key', ['h', 'i', '\n'], 'hi', 'line'],
  ['backspace takes a whole character', ['a😀', '\u007f', 'b\r'], 'ab', 'line'],
  ['^U takes all', ['secret\u0015new\r'], 'new', 'line'],
  ['^W takes a word', ['one two\u0017three\r'], 'one three', 'line'],
  ['arrow keys are not text', ['a\u001b[Db\r'], 'ab', 'line'],
  ['^C', ['abc\u0003'], '', 'interrupt'],
  ['^D on an empty line', ['\u0004'], '', 'eof'],
  ['^D within a line is ignored', ['ab\u0004c\r'], 'abc', 'line'],
  ['not done yet', ['ab'], 'ab', undefined],
] as const)('%s', (_name, typed, text, ended) => {
  let state: ReturnType<typeof typeInto> = { text: '', ended: undefined }
  for (const keys of typed) state = typeInto(state, keys)
  expect(state).toEqual({ text, ended })
})
