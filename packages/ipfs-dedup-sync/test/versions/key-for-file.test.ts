import { expect, test } from '@jest/globals'
import { checkKeyName, KEY_NAME, keyForFile, MAX_KEY_CHARACTERS } from '../../src/domain/versions/key-for-file.ts'
import fc from 'fast-check'

test.each([
  ['data.tar.gz', 'data.tar.gz'], ['My photos 2026', 'My-photos-2026'], ['.config', 'config'], ['naïve.txt', 'naive.txt'], ['a//b', 'a-b'], ['--x--', 'x'],
  ['x'.repeat(60), 'x'.repeat(40)], ['日本.txt', 'txt'],
])('%s is published under the key %s', (file, key) => { expect(keyForFile(file)).toBe(key) })

test.each(['', '...', '日本', 'self', '/'])('%j has no key called after it', file => { expect(() => keyForFile(file)).toThrow(expect.objectContaining({ code: 'KEY_NAME_INVALID' })) })

test('whatever a file is called, its key can be one', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), file => {
    try {
      const key = keyForFile(file)
      expect(key).toMatch(KEY_NAME)
      expect(key.length).toBeLessThanOrEqual(MAX_KEY_CHARACTERS)
      expect(checkKeyName(key)).toBe(key)
    } catch (e) {
      expect(e).toMatchObject({ code: 'KEY_NAME_INVALID' })
    }
  }))
})
