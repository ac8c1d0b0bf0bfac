import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { CONFIG_KEYS, CONFIG_KEY_NAMES, parseConfigValue, toConfigKey } from '@ipkit/core/config/config-keys'
import { configEntries, readConfig, readConfigFile, writeConfigKey } from '@ipkit/core/config/read-config'

let dir: string
let file: string
beforeEach(() => { dir = mkdtempSync(path.join(os.tmpdir(), 'ipkit-config-')); file = path.join(dir, 'config.json') })
afterEach(() => { rmSync(dir, { recursive: true }) })

test('no file means the defaults, and every default fits its own schema', () => {
  const config = readConfig(file, {})
  expect(config.idleMinutes).toBe(15)
  expect([config.mdns, config.publicNetwork, config.lanDht, config.kubo]).toEqual([false, false, false, false])
  for (const name of CONFIG_KEY_NAMES) expect(CONFIG_KEYS[name].schema.read(CONFIG_KEYS[name].fallback, name)).toEqual(CONFIG_KEYS[name].fallback)
})

test('the environment goes before the file, the file before the default', () => {
  writeFileSync(file, JSON.stringify({ listen: ['/ip4/127.0.0.1/tcp/1'], mdns: true }))
  const env = { IPKIT_LISTEN: '/ip4/127.0.0.1/tcp/0, /ip6/::1/tcp/0', IPKIT_HTTP_LISTEN: '' }
  expect(readConfig(file, env)).toMatchObject({ listen: ['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0'], mdns: true, httpListen: CONFIG_KEYS.httpListen.fallback })
  const sources = Object.fromEntries(configEntries(readConfigFile(file), env).map(e => [e.key, e.source]))
  expect(sources).toMatchObject({ listen: 'env', mdns: 'file', httpListen: 'default' })
})

test.each<[string, string, string, string[]]>([
  ['an unknown key', '{"listne":[]}', 'has an unknown key "listne"', ['did you mean "listen"?']],
  ['a wrong type', '{"mdns":"yes"}', '.mdns is a string; it must be true or false', []],
  ['a bad address', '{"listen":["127.0.0.1:4101"]}', '.listen[0] is not a listen address', []],
  ['a number over the limit', '{"idleMinutes":99999}', '.idleMinutes is 99999; it must be from 0 to 10080', []],
  ['half a file', '{"mdns":', 'is not JSON', ['correct it, or remove it to get the defaults back']],
  ['a list', '[]', 'is a list; it must be an object', []],
])('%s is one clear error', (_name, text, message, hints) => {
  writeFileSync(file, text)
  expect(() => readConfig(file, {})).toThrow(expect.objectContaining({ code: 'BAD_CONFIG', exit: 'usage', message: expect.stringContaining(message), hints }))
})

test('a bad variable names itself', () => {
  expect(() => readConfig(file, { IPKIT_LISTEN: 'localhost' })).toThrow(expect.objectContaining({ code: 'BAD_CONFIG_VALUE', message: expect.stringMatching(/^in IPKIT_LISTEN: listen\[0\]/) }))
})

test('keys and values as a person types them', () => {
  expect(toConfigKey('mdns')).toBe('mdns')
  expect(() => toConfigKey('mdnss')).toThrow(expect.objectContaining({ code: 'UNKNOWN_CONFIG_KEY', hints: ["did you mean 'mdns'?"] }))
  expect(() => toConfigKey('toString')).toThrow(expect.objectContaining({ code: 'UNKNOWN_CONFIG_KEY' }))
  expect(parseConfigValue('mdns', 'on')).toBe(true)
  expect(parseConfigValue('idleMinutes', '20')).toBe(20)
  expect(parseConfigValue('relays', '')).toEqual([])
  expect(parseConfigValue('httpNames', 'a.example,b.example')).toEqual(['a.example', 'b.example'])
  expect(() => parseConfigValue('idleMinutes', '2h')).toThrow(expect.objectContaining({ code: 'BAD_CONFIG_VALUE' }))
  expect(() => parseConfigValue('mdns', 'toString')).toThrow(expect.objectContaining({ code: 'BAD_CONFIG_VALUE' }))
})

test('a key is written durably beside the others, and removed again', async () => {
  await writeConfigKey(file, 'mdns', true)
  await writeConfigKey(file, 'idleMinutes', 3)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ mdns: true, idleMinutes: 3 })
  await writeConfigKey(file, 'mdns', undefined)
  expect(readConfigFile(file)).toEqual({ idleMinutes: 3 })
  await expect(writeConfigKey(file, 'idleMinutes', -1)).rejects.toMatchObject({ code: 'BAD_CONFIG_VALUE' })
  expect(readConfigFile(file)).toEqual({ idleMinutes: 3 })
})

test('docs/formats/home.md has the same keys, defaults and descriptions', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/formats/home.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| `(.*?)` \| (.*?) \|$/gm)].map(([, key, fallback, about]) => ({ key, fallback: JSON.parse(fallback!) as unknown, about }))
  expect(rows).toEqual(CONFIG_KEY_NAMES.map(key => {
    const { fallback, about, env } = CONFIG_KEYS[key] as { fallback: unknown, about: string, env?: string }
    return { key, fallback, about: env === undefined ? about : `${about}; \`${env}\` overrides it` }
  }))
})
