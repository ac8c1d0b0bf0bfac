import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { readUpdateVersion, writeUpdateVersion } from '../../src/domain/kubo-config.ts'

const edited = (text: string, version = 'go-v0.43.0'): string => {
  const edit = writeUpdateVersion(text, version)
  if (edit.kind !== 'changed') throw new Error(edit.kind)
  return edit.text
}

test('the rest of the text stays as it is to the byte', () => {
  const before = '{\n  "Identity": {\n    "PeerID": "12D3KooW"\n  },\n  "Big": 12345678901234567890123,\n  "Tiny": 1.10e-7,\n  "Esc": "\\u0041 \\"}{\\\\"\n}\n'
  const after = '{\n  "Identity": {\n    "PeerID": "12D3KooW"\n  },\n  "Big": 12345678901234567890123,\n  "Tiny": 1.10e-7,\n  "Esc": "\\u0041 \\"}{\\\\",\n  "Update": {\n    "Version": "go-v0.43.0"\n  }\n}\n'
  expect(edited(before)).toBe(after)
  expect(edited(after, 'go-v0.44.0-rc1')).toBe(after.replace('go-v0.43.0', 'go-v0.44.0-rc1'))
  expect(writeUpdateVersion(after, 'go-v0.43.0')).toEqual({ kind: 'same' })
})

test.each([
  ['tabs', '{\n\t"A": {\n\t\t"B": 1\n\t}\n}', '{\n\t"A": {\n\t\t"B": 1\n\t},\n\t"Update": {\n\t\t"Version": "go-v0.43.0"\n\t}\n}'],
  ['four blanks and CRLF', '{\r\n    "A": []\r\n}\r\n', '{\r\n    "A": [],\r\n    "Update": {\r\n        "Version": "go-v0.43.0"\r\n    }\r\n}\r\n'],
  ['one line', '{"A":1}', '{"A":1, "Update": {"Version": "go-v0.43.0"}}'],
  ['nothing in it', '{}', '{"Update": {"Version": "go-v0.43.0"}}'],
  ['nothing in it, two lines', '{\n}\n', '{\n  "Update": {\n    "Version": "go-v0.43.0"\n  }\n}\n'],
  ['an empty Update', '{\n  "Update": {}\n}', '{\n  "Update": {\n    "Version": "go-v0.43.0"\n  }\n}'],
  ['other keys in Update', '{\n  "Update": {\n    "Channel": "x"\n  },\n  "Z": 0\n}', '{\n  "Update": {\n    "Channel": "x",\n    "Version": "go-v0.43.0"\n  },\n  "Z": 0\n}'],
  ['a key of that name elsewhere', '{"Update":{"Version":"a"},"X":{"Update":{"Version":"b"}}}', '{"Update":{"Version":"go-v0.43.0"},"X":{"Update":{"Version":"b"}}}'],
  ['an escaped key', '{"\\u0055pdate": {"Version": "a"}}', '{"\\u0055pdate": {"Version": "go-v0.43.0"}}'],
])('%s', (_, before, after) => { expect(edited(before)).toBe(after) })

test.each(['', '{', '[]', 'null', '"x"', '{"A": 1,}', '\uFEFF{}', '{"Update": "go-v0.1.0"}', '{"Update": {"Version": 1}}', '{"Update": {"Version": null}}', '{"Update": {}, "Update": {}}', '{"Update": {"Version": "a", "Version": "b"}}'])('leaves alone what it is not sure of: %s', text => {
  expect(writeUpdateVersion(text, 'go-v0.43.0')).toEqual({ kind: 'unclear' })
  expect(readUpdateVersion(text) ?? null).toBeNull()
})

const key = (...names: string[]): fc.Arbitrary<string> => fc.oneof(fc.constantFrom(...names), fc.string()).filter(name => name !== '__proto__')
const value = fc.oneof(fc.jsonValue(), fc.dictionary(key('Version'), fc.oneof(fc.string(), fc.jsonValue())))

test('whatever the config holds, only Update.Version is another one afterwards', () => {
  fc.assert(fc.property(fc.dictionary(key('Update', 'Version'), value), fc.constantFrom('', ' ', '  ', '\t'), fc.constantFrom('go-v0.43.0', 'js-v0.66.1'), (config, indent, version) => {
    const text = JSON.stringify(config, null, indent)
    const before = JSON.parse(text) as Record<string, unknown>
    const update = Object.hasOwn(before, 'Update') ? before['Update'] : {}
    const edit = writeUpdateVersion(text, version)
    const isObject = typeof update === 'object' && update !== null && !Array.isArray(update)
    if (!isObject || ('Version' in update && typeof update.Version !== 'string')) { expect(edit.kind).toBe('unclear'); return }
    const after = edit.kind === 'changed' ? edit.text : text
    expect(JSON.parse(after)).toEqual({ ...before, Update: { ...update, Version: version } })
    expect(readUpdateVersion(after)).toBe(version)
    expect(writeUpdateVersion(after, version)).toEqual({ kind: 'same' })
  }), { numRuns: 500 })
})
