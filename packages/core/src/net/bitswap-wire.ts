/**
 * Bitswap 1.2.0 messages as bytes: the parts that a server of a few blocks and a HAVE question need. Pure. Source: the bitswap spec
 * (specs.ipfs.tech/bitswap-protocol) and protobuf's wire format. Unknown fields are skipped, as protobuf wants it.
 */
import { AppError } from '../errors/app-error.ts'

export interface Want {
  /** Bytes of the CID, not checked. */
  readonly cid: Uint8Array
  readonly kind: 'block' | 'have'
  readonly cancel: boolean
  readonly sendDontHave: boolean
}
export interface Presence { readonly cid: Uint8Array, readonly has: boolean }
/** @property prefix version, codec, hash code and digest length of the CID, as varints */
export interface BlockPayload { readonly prefix: Uint8Array, readonly data: Uint8Array }
export interface BitswapMessage {
  readonly wants: readonly Want[]
  readonly blocks: readonly BlockPayload[]
  readonly presences: readonly Presence[]
}

export const BITSWAP_PROTOCOL = '/ipfs/bitswap/1.2.0'
export const MAX_WANTS = 1024
const MAX_CID_BYTES = 128
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

/** Field numbers, from the spec's message definition. */
const MESSAGE = { wantlist: 1, payload: 3, presences: 4 } as const
const WANTLIST = { entries: 1 } as const
const ENTRY = { cid: 1, priority: 2, cancel: 3, wantType: 4, sendDontHave: 5 } as const
const PAYLOAD = { prefix: 1, data: 2 } as const
const PRESENCE = { cid: 1, type: 2 } as const
const WANT_HAVE = 1
const DONT_HAVE = 1

/** @throws AppError BITSWAP_INVALID; the caller has capped the size of `bytes` */
export function decodeBitswap (bytes: Uint8Array): BitswapMessage {
  const wants: Want[] = []
  const blocks: BlockPayload[] = []
  const presences: Presence[] = []
  for (const field of readFields(bytes)) {
    if (field.number === MESSAGE.wantlist) {
      for (const inner of readFields(bytesOf(field))) {
        if (inner.number !== WANTLIST.entries) continue
        if (wants.length === MAX_WANTS) throw invalid(`more than ${MAX_WANTS} wants`)
        wants.push(readWant(bytesOf(inner)))
      }
    } else if (field.number === MESSAGE.payload) {
      if (blocks.length === MAX_WANTS) throw invalid(`more than ${MAX_WANTS} blocks`) // two bytes make one
      blocks.push(readPayload(bytesOf(field)))
    } else if (field.number === MESSAGE.presences) {
      if (presences.length === MAX_WANTS) throw invalid(`more than ${MAX_WANTS} presences`)
      presences.push(readPresence(bytesOf(field)))
    }
  }
  return { wants, blocks, presences }
}

export function encodeBitswap (message: Partial<BitswapMessage>): Uint8Array {
  const entries = (message.wants ?? []).map(want => field(WANTLIST.entries, concat(
    field(ENTRY.cid, want.cid), number(ENTRY.priority, 1), number(ENTRY.cancel, want.cancel ? 1 : 0),
    number(ENTRY.wantType, want.kind === 'have' ? WANT_HAVE : 0), number(ENTRY.sendDontHave, want.sendDontHave ? 1 : 0))))
  return concat(
    entries.length === 0 ? new Uint8Array(0) : field(MESSAGE.wantlist, concat(...entries)),
    ...(message.blocks ?? []).map(block => field(MESSAGE.payload, concat(field(PAYLOAD.prefix, block.prefix), field(PAYLOAD.data, block.data)))),
    ...(message.presences ?? []).map(presence => field(MESSAGE.presences, concat(field(PRESENCE.cid, presence.cid), number(PRESENCE.type, presence.has ? 0 : DONT_HAVE)))),
  )
}

export function encodeVarint (value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  out.push(rest)
  return Uint8Array.from(out)
}

function readWant (bytes: Uint8Array): Want {
  let cid: Uint8Array | undefined
  let kind: Want['kind'] = 'block'
  let cancel = false
  let sendDontHave = false
  for (const f of readFields(bytes)) {
    if (f.number === ENTRY.cid) cid = bytesOf(f)
    else if (f.number === ENTRY.cancel) cancel = numberOf(f) !== 0
    else if (f.number === ENTRY.wantType) kind = numberOf(f) === WANT_HAVE ? 'have' : 'block'
    else if (f.number === ENTRY.sendDontHave) sendDontHave = numberOf(f) !== 0
  }
  return { cid: checkCid(cid), kind, cancel, sendDontHave }
}

function readPayload (bytes: Uint8Array): BlockPayload {
  let prefix: Uint8Array = new Uint8Array(0)
  let data: Uint8Array = new Uint8Array(0)
  for (const f of readFields(bytes)) {
    if (f.number === PAYLOAD.prefix) prefix = bytesOf(f)
    else if (f.number === PAYLOAD.data) data = bytesOf(f)
  }
  return { prefix, data }
}

function readPresence (bytes: Uint8Array): Presence {
  let cid: Uint8Array | undefined
  let has = true
  for (const f of readFields(bytes)) {
    if (f.number === PRESENCE.cid) cid = bytesOf(f)
    else if (f.number === PRESENCE.type) has = numberOf(f) !== DONT_HAVE
  }
  return { cid: checkCid(cid), has }
}

function checkCid (cid: Uint8Array | undefined): Uint8Array {
  if (cid === undefined || cid.length === 0 || cid.length > MAX_CID_BYTES) throw invalid(`a CID of ${cid?.length ?? 0} bytes`)
  return cid
}

interface Field { readonly number: number, readonly value: number | Uint8Array }

/** Lengths are checked against what is there; nothing is copied. */
function * readFields (bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++]
      if (byte === undefined) throw invalid('it ends inside a number')
      value += (byte & 0x7f) * 2 ** (7 * shift) // negative int32 take ten bytes and come out large and inexact; none is used
      if (byte < 0x80) return value
    }
    throw invalid('a number is longer than ten bytes')
  }
  while (at < bytes.length) {
    const tag = varint()
    const fieldNumber = Math.floor(tag / 8)
    const wireType = tag % 8
    if (fieldNumber === 0) throw invalid('field number 0')
    if (wireType === VARINT) {
      yield { number: fieldNumber, value: varint() }
      continue
    }
    const length = wireType === BYTES ? varint() : wireType === FIXED64 ? 8 : wireType === FIXED32 ? 4 : -1
    if (length < 0) throw invalid(`wire type ${wireType}`)
    if (length > bytes.length - at) throw invalid('it ends inside a field')
    yield { number: fieldNumber, value: bytes.subarray(at, at + length) }
    at += length
  }
}

function bytesOf ({ value }: Field): Uint8Array {
  if (typeof value === 'number') throw invalid('a number stands where bytes belong')
  return value
}

function numberOf ({ value }: Field): number {
  if (typeof value !== 'number') throw invalid('bytes stand where a number belongs')
  return value
}

const field = (fieldNumber: number, bytes: Uint8Array): Uint8Array => concat(encodeVarint(fieldNumber * 8 + BYTES), encodeVarint(bytes.length), bytes)

/** Zero is the default and is left out, as proto3 does. */
const number = (fieldNumber: number, value: number): Uint8Array => value === 0 ? new Uint8Array(0) : concat(encodeVarint(fieldNumber * 8 + VARINT), encodeVarint(value))

function concat (...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

const invalid = (problem: string): AppError => new AppError('BITSWAP_INVALID', `not a bitswap message: ${problem}`, { exit: 'refused' })
