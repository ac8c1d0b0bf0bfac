import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeFetchRequest, decodeFetchResponse, encodeFetchRequest, encodeFetchResponse } from '../../src/net/fetch-wire.ts'
import { MAX_FETCH_KEY_BYTES, MAX_FETCH_VALUE_BYTES } from '../../src/net/limits.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

// By hand from libp2p's fetch spec: FetchRequest { identifier = 1 }, FetchResponse { status = 1, data = 2 }.
describe('known answers', () => {
  test('a request for "/ipns/a"', () => {
    expect(toHex(encodeFetchRequest(Buffer.from('/ipns/a')))).toBe('0a072f69706e732f61')
    expect(Buffer.from(decodeFetchRequest(hex('0a 07 2f69706e732f61'))).toString()).toBe('/ipns/a')
  })

  test.each<[string, ReturnType<typeof decodeFetchResponse>, string]>([
    ['found', { status: 'found', value: hex('beef') }, '1202beef'],
    ['an empty value', { status: 'found', value: hex('') }, '1200'],
    ['not found', { status: 'not-found' }, '0801'],
    ['failed', { status: 'failed' }, '0802'],
  ])('%s', (_name, response, bytes) => {
    expect(toHex(encodeFetchResponse(response))).toBe(bytes)
    expect(decodeFetchResponse(hex(bytes))).toEqual(response)
  })

  test.each<[string, string, ReturnType<typeof decodeFetchResponse>]>([
    ['a status of 0 that is written', '0800 1202beef', { status: 'found', value: hex('beef') }],
    ['fields in the other order', '1202beef 0800', { status: 'found', value: hex('beef') }],
    ['the text of an error, which is dropped', '0802 1204 6f6f7073', { status: 'failed' }],
    ['not found with data, as libp2p for JavaScript sends it', '0801 1200', { status: 'not-found' }],
    ['a field of a later version', '0801 1a01ff', { status: 'not-found' }],
    ['nothing at all: protobuf leaves zeros out', '', { status: 'found', value: hex('') }],
  ])('is read: %s', (_name, bytes, response) => { expect(decodeFetchResponse(hex(bytes))).toEqual(response) })
})

describe('must be refused', () => {
  test.each([['an unknown status', '0803'], ['a status as bytes', '0a0100'], ['data as a number', '1005'], ['a field cut off', '1205be'], ['a number cut off', '08'], ['field number 0', '0000'], ['a group', '0b'], ['a number of eleven bytes', '08ffffffffffffffffffff01']])('a response with %s', (_name, bytes) => {
    expect(() => decodeFetchResponse(hex(bytes))).toThrow(expect.objectContaining({ code: 'FETCH_INVALID', exit: 'refused' }))
  })

  test.each([['no key', ''], ['an empty key', '0a00'], ['a key as a number', '0801'], ['a key cut off', '0a05aa']])('a request with %s', (_name, bytes) => {
    expect(() => decodeFetchRequest(hex(bytes))).toThrow(expect.objectContaining({ code: 'FETCH_INVALID', exit: 'refused' }))
  })

  test('a key and a value of one byte too many; one less is taken', () => {
    expect(decodeFetchRequest(encodeFetchRequest(new Uint8Array(MAX_FETCH_KEY_BYTES))).length).toBe(MAX_FETCH_KEY_BYTES)
    expect(() => decodeFetchRequest(encodeFetchRequest(new Uint8Array(MAX_FETCH_KEY_BYTES + 1)))).toThrow(expect.objectContaining({ code: 'FETCH_INVALID' }))
    expect(decodeFetchResponse(encodeFetchResponse({ status: 'found', value: new Uint8Array(MAX_FETCH_VALUE_BYTES) }))).toMatchObject({ status: 'found' })
    expect(() => decodeFetchResponse(encodeFetchResponse({ status: 'found', value: new Uint8Array(MAX_FETCH_VALUE_BYTES + 1) }))).toThrow(expect.objectContaining({ code: 'FETCH_INVALID' }))
  })
})

test('any key and any value come back; garbage throws our error and nothing else', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 1024 }), bytes => { expect(decodeFetchRequest(encodeFetchRequest(bytes))).toEqual(bytes) }))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), value => { expect(decodeFetchResponse(encodeFetchResponse({ status: 'found', value }))).toEqual({ status: 'found', value }) }))
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
    for (const decode of [decodeFetchRequest, decodeFetchResponse]) {
      try { decode(bytes) } catch (e) { expect(e).toMatchObject({ code: 'FETCH_INVALID' }) }
    }
  }))
})
