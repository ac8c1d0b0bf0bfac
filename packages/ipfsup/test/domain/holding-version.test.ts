import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { holdingVersion, type Holding } from '../../src/domain/holding-version.ts'
import { pinLine, type Pin } from '../../src/domain/pin-file.ts'
import { formatAsk } from '../../src/domain/holding-version.ts'
import { v } from '../memory-world.ts'

interface Around { readonly env?: string, readonly overrides?: Record<string, string>, readonly pins?: Record<string, string>, readonly passedOver?: readonly string[], readonly byDefault?: string }

async function held (folder: string, { env, overrides = {}, pins = {}, passedOver = [], byDefault }: Around, told: Pin[] = []): Promise<Holding | undefined> {
  return await holdingVersion({
    env,
    state: { override: async at => overrides[at], default: async () => byDefault === undefined ? undefined : v(byDefault) },
    pins: { read: async at => pins[at] === undefined ? undefined : { file: `${at}/.ipfs-version`, line: pins[at], passedOver: passedOver.includes(at) ? 'it is a link' : undefined } },
    onPassedOver: pin => { told.push(pin) },
  }, folder)
}

describe('what holds in a folder', () => {
  test.each<[title: string, folder: string, around: Around, version: string | undefined, source?: string, place?: string]>([
    ['nothing at all', '/a/b', {}, undefined],
    ['the default', '/a/b', { byDefault: 'v0.1.0' }, 'go-v0.1.0', 'default'],
    ['a pin before the default', '/a/b', { byDefault: 'v0.1.0', pins: { '/a/b': 'v0.2.0' } }, 'go-v0.2.0', 'pin', '/a/b/.ipfs-version'],
    ['an override before the pin of the same folder', '/a/b', { pins: { '/a/b': 'v0.2.0' }, overrides: { '/a/b': 'v0.3.0' } }, 'go-v0.3.0', 'override', '/a/b'],
    ['a nearer pin before an override further up', '/a/b', { pins: { '/a/b': 'v0.2.0' }, overrides: { '/a': 'v0.3.0' } }, 'go-v0.2.0', 'pin', '/a/b/.ipfs-version'],
    ['what stands two folders up', '/a/b/c', { pins: { '/a': 'js-latest' } }, 'js-latest', 'pin', '/a/.ipfs-version'],
    ['what stands at the root', '/a/b', { overrides: { '/': 'v0.2.0' } }, 'go-v0.2.0', 'override', '/'],
    ['what stands at the root, seen from there', '/', { overrides: { '/': 'v0.2.0' } }, 'go-v0.2.0', 'override', '/'],
    ['not what stands in a folder that begins alike', '/a/bc', { byDefault: 'v0.1.0', overrides: { '/a/b': 'v0.2.0' } }, 'go-v0.1.0', 'default'],
    ['the environment before all', '/a', { env: 'latest', byDefault: 'v0.1.0', overrides: { '/a': 'v0.2.0' } }, 'go-latest', 'env', 'IPFSUP_VERSION'],
    ['an empty variable as none', '/a', { env: '', byDefault: 'v0.1.0' }, 'go-v0.1.0', 'default'],
    ['not a pin that does not count', '/a/b', { byDefault: 'v0.1.0', pins: { '/a/b': 'v0.2.0', '/a': 'v0.3.0' }, passedOver: ['/a/b'] }, 'go-v0.3.0', 'pin', '/a/.ipfs-version'],
  ])('%s', async (_title, folder, around, version, source = undefined, place = undefined) => { // defaults: jest gives its own callback to a parameter that a row leaves out
    const holding = await held(folder, around)
    expect(holding === undefined ? undefined : formatAsk(holding.ask)).toBe(version)
    if (holding !== undefined) expect([holding.source, holding.place]).toEqual([source, place])
  })

  test('a pin that does not count is told', async () => {
    const told: Pin[] = []
    await held('/a', { byDefault: 'v0.1.0', pins: { '/a': 'nonsense' }, passedOver: ['/a'] }, told)
    expect(told.map(pin => [pin.file, pin.passedOver])).toEqual([['/a/.ipfs-version', 'it is a link']])
  })

  test.each<[string, Around, RegExp]>([
    ['in the environment', { env: '../x' }, /^IPFSUP_VERSION says '\.\.\/x'/],
    ['in an override', { overrides: { '/a': 'x y' } }, /^the override of \/a says 'x y'/],
    ['in a pin file', { pins: { '/a': '`id`' } }, /^\/a\/\.ipfs-version says '`id`'/],
    ['of another implementation', { env: 'rs-v0.1.0' }, /^IPFSUP_VERSION: .*'rs'/],
    ['that is missing', { pins: { '/a': '' } }, /^\/a\/\.ipfs-version says nothing/],
    ['that is long', { env: `v${'1'.repeat(1000)}` }, /^IPFSUP_VERSION says 'v1{63}'/],
  ])('what is no version %s is told with its place, exit 2', async (_title, around, message) => {
    await expect(held('/a/b', around)).rejects.toMatchObject({ exit: 'usage', message: expect.stringMatching(message) as unknown })
  })
})

describe('the line of a pin file', () => {
  test.each([
    ['v0.43.0\n', 'v0.43.0'],
    ['v0.43.0', 'v0.43.0'],
    [' \tv0.43.0 \t\r\nv0.1.0\n', 'v0.43.0'],
    ['\n\r\n# js-v0.66.1\n  # too\nlatest\n', 'latest'],
    ['', ''],
    ['# nothing\n\n', ''],
    ['v0.43.0 # remark\n', 'v0.43.0 # remark'],
    ['$(reboot)\n', '$(reboot)'],
  ])('%j', (text, line) => { expect(pinLine(text)).toBe(line) })

  test('is never more than a line, whatever the file holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => {
      const line = pinLine(text)
      return !line.includes('\n') && !line.startsWith('#') && text.includes(line)
    }))
  })
})
