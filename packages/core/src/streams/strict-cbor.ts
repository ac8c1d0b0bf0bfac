/**
 * DAG-CBOR as our protocols and signatures use it: every value has one encoding, and every other encoding is refused. Spec:
 * docs/protocols/framing.md. Which keys a message has is the schema's business, not this file's. Pure: also runs in a page.
 */
import { decode, encode, Token, Tokenizer, Type, type DecodeOptions, type EncodeOptions } from 'cborg'
import type { DecodeTokenizer } from 'cborg/interface'
import { CID } from 'multiformats/cid'
import { AppError } from '../errors/app-error.ts'
import { isWellFormed } from '../schema/well-formed.ts'

/** Arrays and maps inside each other; a plain value has depth 0. */
export const MAX_DEPTH = 16
/** Values of all kinds in one body: map keys count too. */
export const MAX_ITEMS = 4096
const CID_TAG = 42

/** Integers beyond 2^53 - 1 are bigint, the others number: a schema's `uint64` takes both. Maps have no prototype. */
export type CborValue = null | boolean | number | bigint | string | Uint8Array | CID | readonly CborValue[] | { readonly [key: string]: CborValue }

/**
 * @param input exactly one value; the byte strings in the result may be views of it
 * @throws AppError CBOR_INVALID: not DAG-CBOR, another spelling of it, a float, too deep, too many items, bytes left over
 */
export function decodeStrict (input: Uint8Array, options: { readonly maxItems?: number } = {}): CborValue {
  const bytes = plain(input)
  let value: CborValue
  let again: Uint8Array
  try {
    value = withoutPrototypes(decode(bytes, { ...DECODE, tokenizer: new LimitedTokenizer(bytes, options.maxItems ?? MAX_ITEMS) }) as CborValue)
    again = encode(value, ENCODE)
  } catch (e) {
    throw new AppError('CBOR_INVALID', `not strict DAG-CBOR: ${(e as Error).message.replace(/^CBOR decode error: /, '')}`, { exit: 'refused' })
  }
  // Catches what a lenient decoder lets through: key order, ill-formed UTF-8, numbers in a tag's CID that are not in their shortest form.
  if (!sameBytes(again, bytes)) throw new AppError('CBOR_INVALID', 'not strict DAG-CBOR: it does not encode to the same bytes again', { exit: 'refused' })
  return value
}

/** @throws TypeError or RangeError for a value outside DAG-CBOR or over the limits: a bug in the caller */
export function encodeStrict (value: CborValue): Uint8Array {
  checkDepth(value, 0)
  return plain(encode(value, ENCODE))
}

class LimitedTokenizer implements DecodeTokenizer {
  readonly #inner: DecodeTokenizer
  readonly #sizeBytes: number
  #itemsLeft: number
  /** For each open array or map, innermost last: how many items it still waits for. */
  readonly #open: number[] = []

  constructor (bytes: Uint8Array, maxItems: number) {
    this.#inner = new Tokenizer(bytes, DECODE)
    this.#sizeBytes = bytes.length
    this.#itemsLeft = maxItems
  }

  pos (): number { return this.#inner.pos() }
  done (): boolean { return this.#inner.done() }

  next (): Token {
    const token = this.#inner.next()
    if (this.#itemsLeft-- === 0) throw new Error('too many items')
    if (Type.equals(token.type, Type.float)) throw new Error('a float')
    if (Type.equals(token.type, Type.undefined)) throw new Error('undefined')
    while (this.#open.at(-1) === 0) this.#open.pop()
    // What a tag holds takes the tag's own place.
    if (this.#open.length > 0 && !Type.equals(token.type, Type.tag)) this.#open[this.#open.length - 1]!--
    if (Type.equals(token.type, Type.array)) this.#enter(token.value as number)
    if (Type.equals(token.type, Type.map)) this.#enter(2 * (token.value as number))
    return token
  }

  /** Nothing is allocated for items that were only announced. */
  #enter (items: number): void {
    if (this.#open.length === MAX_DEPTH) throw new Error(`deeper than ${MAX_DEPTH}`)
    if (items > this.#itemsLeft) throw new Error('too many items')
    if (items > this.#sizeBytes - this.pos()) throw new Error('more items are announced than bytes are left')
    this.#open.push(items)
  }
}

const DECODE: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: true,
  rejectDuplicateMapKeys: true,
  tags: {
    [CID_TAG]: content => {
      const bytes = content()
      if (!(bytes instanceof Uint8Array) || bytes[0] !== 0) throw new Error('tag 42 without a CID')
      return CID.decode(bytes.subarray(1))
    },
  },
}

const ENCODE: EncodeOptions = {
  typeEncoders: {
    number (value: number) {
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new TypeError('a number is not a safe integer')
      return null
    },
    string (value: string) {
      if (!isWellFormed(value)) throw new TypeError('a string has no UTF-8 form')
      return null
    },
    undefined () { throw new TypeError('a value is undefined') },
    Map () { throw new TypeError('a Map is not a plain object') },
    Object (value: object) {
      if ((value as { asCID?: unknown }).asCID !== value) return null
      const { bytes } = value as CID
      const prefixed = new Uint8Array(1 + bytes.length)
      prefixed.set(bytes, 1)
      return [new Token(Type.tag, CID_TAG), new Token(Type.bytes, prefixed)]
    },
  },
}

function withoutPrototypes (value: CborValue): CborValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || value instanceof CID) return value
  for (const inner of Array.isArray(value) ? value : Object.values(value)) withoutPrototypes(inner as CborValue)
  if (!Array.isArray(value)) Object.setPrototypeOf(value, null)
  return value
}

function checkDepth (value: CborValue, depth: number): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || (value as { asCID?: unknown }).asCID === value) return
  if (depth === MAX_DEPTH) throw new RangeError(`deeper than ${MAX_DEPTH}`)
  for (const inner of Array.isArray(value) ? value : Object.values(value)) checkDepth(inner as CborValue, depth + 1)
}

/** Never a Buffer, whose `slice` and JSON differ: the same code runs where there is none. */
function plain (bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

function sameBytes (a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
