import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { nobleBulkCrypto } from '../../src/adapters/noble-bulk-crypto.ts'
import { nodeBulkCrypto } from '../../src/adapters/node-bulk-crypto.ts'
import { join } from '../../src/domain/bytes.ts'
import { payloadKeys } from '../../src/domain/keys.ts'
import { encodePayloadHeader, PAYLOAD_HEADER_BYTES } from '../../src/domain/payload-header.ts'
import { decryptPayload, encryptPayload } from '../../src/domain/payload.ts'
import { encodeInnerHeader, isSafeName, payloadSize } from '../../src/domain/record.ts'
import { CHUNK_BYTES, SEALED_CHUNK_BYTES, sealStream, type Chunk } from '../../src/domain/stream.ts'
import { collect, hex, inPieces } from '../hex.ts'
import { D, L, pattern, SALT } from '../vectors.ts'

const secrets = { L, D }
const ROOM = CHUNK_BYTES - 4
const HEADER = encodeInnerHeader(null).length
const bulk = nodeBulkCrypto
const encrypt = (content: Uint8Array, pad = false): Promise<Uint8Array> => collect(encryptPayload(bulk, { secrets, salt: SALT, name: null, content: inPieces(content, 50_000), pad }))

/** What a reader gets out of it: all that was handed out before the end or the error. */
async function read (payload: Uint8Array, with_ = secrets as Parameters<typeof decryptPayload>[1], pieces: number[] = [100_000]): Promise<{ got: Uint8Array, code: string | undefined }> {
  const got: Uint8Array[] = []
  try {
    for await (const piece of (await decryptPayload(bulk, with_, inPieces(payload, ...pieces))).content) got.push(Uint8Array.from(piece))
    return { got: join(...got), code: undefined }
  } catch (e) {
    return { got: join(...got), code: (e as { code?: string }).code }
  }
}

// Around one and two chunks, with the inner header in the first: where counts, padding and the last-chunk flag change their minds.
const INTERESTING_SIZES = [0, 1, ROOM - HEADER - 1, ROOM - HEADER, ROOM - HEADER + 1, 2 * ROOM - HEADER, 2 * ROOM - HEADER + 1]

describe.each(INTERESTING_SIZES)('%i bytes', size => {
  const content = pattern(size)
  test.each([true, false])('padded: %s: comes back, has the foretold size, and both ciphers agree', async pad => {
    const payload = await encrypt(content, pad)
    expect(payload.length).toBe(payloadSize(HEADER + size, pad))
    expect(Buffer.compare(payload, await collect(encryptPayload(nobleBulkCrypto, { secrets, salt: SALT, name: null, content: inPieces(content, 65_536), pad })))).toBe(0)
    expect(await read(payload)).toEqual({ got: content, code: undefined })
  })

  test('cut anywhere it matters, it never counts as whole, and nothing wrong is handed out', async () => {
    const payload = await encrypt(content)
    const cuts = new Set([0, 1, 40, 72, 73, 74, 89, 90, 91, payload.length - 1, payload.length - 16, payload.length - 17])
    for (let at = PAYLOAD_HEADER_BYTES + SEALED_CHUNK_BYTES; at < payload.length; at += SEALED_CHUNK_BYTES) for (const d of [-1, 0, 1, 16, 17]) cuts.add(at + d)
    for (const cut of cuts) {
      if (cut < 0 || cut >= payload.length) continue
      const { got, code } = await read(payload.subarray(0, cut))
      expect({ cut, code }).toEqual({ cut, code: 'CONTENT_ALTERED' })
      expect(Buffer.compare(got, content.subarray(0, got.length))).toBe(0)
    }
  })

  test.each([1, 16, 17, 65_552])('%i bytes more are refused', async more => {
    expect((await read(join(await encrypt(content), new Uint8Array(more)))).code).toBe('CONTENT_ALTERED')
  })
})

describe('three chunks', () => {
  const content = pattern(2 * ROOM + 100)
  const chunk = (payload: Uint8Array, i: number): Uint8Array => payload.subarray(PAYLOAD_HEADER_BYTES + i * SEALED_CHUNK_BYTES, PAYLOAD_HEADER_BYTES + (i + 1) * SEALED_CHUNK_BYTES)

  test('two of them exchanged are refused, the last one twice too, and one left out', async () => {
    const p = await encrypt(content)
    const head = p.subarray(0, PAYLOAD_HEADER_BYTES)
    const [a, b, c] = [chunk(p, 0), chunk(p, 1), chunk(p, 2)]
    for (const parts of [[b, a, c], [a, b, c, c], [a, c], [b, c], [a, a, b, c], [a, b]]) expect((await read(join(head, ...parts))).code).toBe('CONTENT_ALTERED')
    expect((await read(join(head, a, b, c))).code).toBeUndefined()
  })

  test('any bit flipped anywhere is refused, and no byte of the chunk it is in is handed out', async () => {
    const payload = await encrypt(content)
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: payload.length * 8 - 1 }), async bit => {
      const damaged = Uint8Array.from(payload)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const { got, code } = await read(damaged)
      expect(code).toMatch(/^(CONTENT_ALTERED|KEY_WRONG|PAYLOAD_VERSION)$/)
      const good = Math.max(0, Math.floor(((bit >> 3) - PAYLOAD_HEADER_BYTES) / SEALED_CHUNK_BYTES))
      expect(got.length).toBe(Math.max(0, good * ROOM - HEADER))
      expect(Buffer.compare(got, content.subarray(0, got.length))).toBe(0)
    }), { numRuns: 60 })
  })

  test('every header byte counts', async () => {
    const payload = await encrypt(pattern(10))
    for (let at = 0; at < PAYLOAD_HEADER_BYTES; at++) {
      const damaged = Uint8Array.from(payload)
      damaged[at]! ^= 0x80
      const expected = at < 7 ? 'CONTENT_ALTERED' : at === 7 ? 'PAYLOAD_VERSION' : at === 8 ? 'CONTENT_ALTERED' : 'KEY_WRONG'
      expect({ at, ...await read(damaged) }).toEqual({ at, got: new Uint8Array(0), code: expected })
    }
  })

  test('any re-chunking gives the same', async () => {
    const payload = await encrypt(content)
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 5 }), async sizes => {
      expect(Buffer.compare((await read(payload, secrets, sizes)).got, content)).toBe(0)
      expect(Buffer.compare(await collect(encryptPayload(bulk, { secrets, salt: SALT, name: null, content: inPieces(content, ...sizes), pad: false })), payload)).toBe(0)
    }), { numRuns: 15 })
  })

  test('byte by byte too', async () => {
    expect(await read(await encrypt(pattern(300)), secrets, [1])).toEqual({ got: pattern(300), code: undefined })
  })
})

describe('another key', () => {
  test.each([['L', { L: SALT, D }], ['D', { L, D: SALT }], ['L and D exchanged', { L: D, D: L }]])('%s: refused by the header', async (_which, wrong) => {
    expect((await read(await encrypt(pattern(5)), wrong)).code).toBe('KEY_WRONG')
  })
  test('a passphrase where there is none, and none where there is one', async () => {
    expect((await read(await encrypt(pattern(5)), { ...secrets, stretched: SALT })).code).toBe('CONTENT_ALTERED')
    const locked = await collect(encryptPayload(bulk, { secrets: { ...secrets, stretched: SALT }, salt: SALT, name: null, content: inPieces(pattern(5), 5), pad: true }))
    expect((await read(locked)).code).toBe('CONTENT_ALTERED')
    expect((await read(locked, { ...secrets, stretched: D })).code).toBe('KEY_WRONG')
    expect((await read(locked, { ...secrets, stretched: SALT })).got).toEqual(pattern(5))
  })
})

describe('a sender that seals what it must not', () => {
  async function sealed (...chunks: Uint8Array[]): Promise<Uint8Array> {
    const { headerKey, streamKey } = payloadKeys(secrets, SALT)
    async function * all (): AsyncGenerator<Chunk> { for (const [i, bytes] of chunks.entries()) yield { bytes, last: i === chunks.length - 1 } }
    return join(encodePayloadHeader(headerKey, false, SALT), await collect(sealStream(bulk, streamKey, all())))
  }
  const counted = (count: number, record: Uint8Array, size: number): Uint8Array => { const b = new Uint8Array(size); new DataView(b.buffer).setUint32(0, count); b.set(record, 4); return b }
  const header = encodeInnerHeader(null)
  const whole = (record: Uint8Array): Uint8Array => counted(record.length, record, 64)
  const inner = (text: string): Uint8Array => { const body = Uint8Array.from(Buffer.from(text, 'hex')); return join(Uint8Array.of(0, body.length), body) }
  const full = counted(ROOM, join(header, pattern(ROOM - HEADER)), CHUNK_BYTES)
  test.each<[string, Uint8Array[]]>([
    ['a last chunk without content', [full, new Uint8Array(0)]],
    ['a chunk too short for its count', [new Uint8Array(3)]],
    ['a count over the room', [counted(61, header, 64)]],
    ['an absurd count', [counted(0xffffffff, header, 64)]],
    ['a count less than the room, then more', [counted(ROOM - 1, header, CHUNK_BYTES), counted(1, Uint8Array.of(1), 64)]],
    ['padding that is not zero', [counted(HEADER, join(header, Uint8Array.of(0, 1)), 64)]],
    ['padding that is not zero in a chunk of its own', [full, counted(0, Uint8Array.of(0, 0, 1), 64)]],
    ['no record', [counted(0, new Uint8Array(0), 64)]],
    ['half an inner header', [counted(HEADER - 1, header.subarray(0, -1), 64)]],
    ['an inner header over its limit', [counted(302, join(Uint8Array.of(1, 45), new Uint8Array(301)), 400)]],
    ['an inner header that is no map', [whole(inner('f6'))]],
    ['an inner header with another key', [whole(inner('a2646e616d65f66178f6'))]],
    ['a name with a slash', [whole(inner('a1646e616d65632e2e2f'))]],
    ['a name that is ..', [whole(inner('a1646e616d65622e2e'))]],
    ['a name with an escape', [whole(inner('a1646e616d65621b5b'))]],
    ['an empty name', [whole(inner('a1646e616d6560'))]],
  ])('%s', async (_title, chunks) => { expect((await read(await sealed(...chunks))).code).toBe('CONTENT_ALTERED') })

  test('the same with a good name is read', async () => {
    expect(await read(await sealed(whole(inner('a1646e616d65622e62'))))).toEqual({ got: new Uint8Array(0), code: undefined })
  })

  test('the same by the rules is read', async () => {
    expect(await read(await sealed(full, counted(0, new Uint8Array(0), 64)))).toEqual({ got: pattern(ROOM - HEADER), code: undefined })
  })
})

test('names: a file name as it is, nothing else', async () => {
  for (const good of ['a', 'b\u00e4r.txt', '...', ' x', '\u202etxt.exe', 'n'.repeat(255)]) expect([good, isSafeName(good)]).toEqual([good, true])
  for (const bad of ['', '.', '..', 'a/b', 'a\\b', 'a\nb', '\u0000', '\u007f', '\u0085', '\ud800', 'n'.repeat(256), '\u00e4'.repeat(128)]) expect([bad, isSafeName(bad)]).toEqual([bad, false])
  await expect(collect(encryptPayload(bulk, { secrets, salt: SALT, name: '../x', content: inPieces(SALT, 1), pad: true }))).rejects.toMatchObject({ code: 'NAME_INVALID', exit: 'usage' })
})

test('a message over 2^40 bytes is refused by its size alone', () => {
  expect(() => payloadSize(2 ** 40, false)).toThrow(/1099511627776/)
})

test('a reader that stops early ends the source, and so does a failure', async () => {
  const payload = await encrypt(pattern(500_000))
  for (const [bytes, stop] of [[payload, true], [join(payload.subarray(0, 80_000), payload.subarray(80_001)), false], [payload.subarray(1), false]] as const) {
    let ended = false
    async function * source (): AsyncGenerator<Uint8Array> { try { yield * inPieces(bytes, 10_000) } finally { ended = true } }
    try { for await (const _ of (await decryptPayload(bulk, secrets, source())).content) if (stop) break } catch { /* looked at elsewhere */ }
    expect(ended).toBe(true)
  }
})

test('what the content throws comes through, and hex of a payload never holds its text', async () => {
  async function * broken (): AsyncGenerator<Uint8Array> { yield SALT; throw new Error('disk gone') }
  await expect(collect(encryptPayload(bulk, { secrets, salt: SALT, name: null, content: broken(), pad: true }))).rejects.toThrow('disk gone')
  const text = Uint8Array.from(Buffer.from('attack at dawn'))
  expect(hex(await encrypt(text))).not.toContain(hex(text))
})
