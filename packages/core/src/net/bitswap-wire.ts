/**
 * Bitswap 1.2.0 messages as bytes: the parts that a server of a few blocks and a HAVE question need. Pure. Source: the bitswap spec
 * (specs.ipfs.tech/bitswap-protocol) and protobuf's wire format. Unknown fields are skipped, as protobuf wants it.
 */
import { AppError } from '../errors/app-error.ts'
import { concatBytes } from '../streams/concat-bytes.ts'
import { bytesField, bytesOf, numberField, numberOf, protobufFields } from './protobuf-fields.ts'

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
  for (const field of fieldsOf(bytes)) {
    if (field.number === MESSAGE.wantlist) {
      for (const inner of fieldsOf(bytesOf(field, invalid))) {
        if (inner.number !== WANTLIST.entries) continue
        if (wants.length === MAX_WANTS) throw invalid(`more than ${MAX_WANTS} wants`)
        wants.push(readWant(bytesOf(inner, invalid)))
      }
    } else if (field.number === MESSAGE.payload) {
      if (blocks.length === MAX_WANTS) throw invalid(`more than ${MAX_WANTS} blocks`) // two bytes make one
      blocks.push(readPayload(bytesOf(field, invalid)))
    } else if (field.number === MESSAGE.presences) {
      if (presences.length === MAX_WANTS) throw invalid(`more than ${MAX_WANTS} presences`)
      presences.push(readPresence(bytesOf(field, invalid)))
    }
  }
  return { wants, blocks, presences }
}

export function encodeBitswap (message: Partial<BitswapMessage>): Uint8Array {
  const entries = (message.wants ?? []).map(want => bytesField(WANTLIST.entries, concatBytes(
    bytesField(ENTRY.cid, want.cid), numberField(ENTRY.priority, 1), numberField(ENTRY.cancel, want.cancel ? 1 : 0),
    numberField(ENTRY.wantType, want.kind === 'have' ? WANT_HAVE : 0), numberField(ENTRY.sendDontHave, want.sendDontHave ? 1 : 0))))
  return concatBytes(
    entries.length === 0 ? new Uint8Array(0) : bytesField(MESSAGE.wantlist, concatBytes(...entries)),
    ...(message.blocks ?? []).map(block => bytesField(MESSAGE.payload, concatBytes(bytesField(PAYLOAD.prefix, block.prefix), bytesField(PAYLOAD.data, block.data)))),
    ...(message.presences ?? []).map(presence => bytesField(MESSAGE.presences, concatBytes(bytesField(PRESENCE.cid, presence.cid), numberField(PRESENCE.type, presence.has ? 0 : DONT_HAVE)))),
  )
}

function readWant (bytes: Uint8Array): Want {
  let cid: Uint8Array | undefined
  let kind: Want['kind'] = 'block'
  let cancel = false
  let sendDontHave = false
  for (const f of fieldsOf(bytes)) {
    if (f.number === ENTRY.cid) cid = bytesOf(f, invalid)
    else if (f.number === ENTRY.cancel) cancel = numberOf(f, invalid) !== 0
    else if (f.number === ENTRY.wantType) kind = numberOf(f, invalid) === WANT_HAVE ? 'have' : 'block'
    else if (f.number === ENTRY.sendDontHave) sendDontHave = numberOf(f, invalid) !== 0
  }
  return { cid: checkCid(cid), kind, cancel, sendDontHave }
}

function readPayload (bytes: Uint8Array): BlockPayload {
  let prefix: Uint8Array = new Uint8Array(0)
  let data: Uint8Array = new Uint8Array(0)
  for (const f of fieldsOf(bytes)) {
    if (f.number === PAYLOAD.prefix) prefix = bytesOf(f, invalid)
    else if (f.number === PAYLOAD.data) data = bytesOf(f, invalid)
  }
  return { prefix, data }
}

function readPresence (bytes: Uint8Array): Presence {
  let cid: Uint8Array | undefined
  let has = true
  for (const f of fieldsOf(bytes)) {
    if (f.number === PRESENCE.cid) cid = bytesOf(f, invalid)
    else if (f.number === PRESENCE.type) has = numberOf(f, invalid) !== DONT_HAVE
  }
  return { cid: checkCid(cid), has }
}

function checkCid (cid: Uint8Array | undefined): Uint8Array {
  if (cid === undefined || cid.length === 0 || cid.length > MAX_CID_BYTES) throw invalid(`a CID of ${cid?.length ?? 0} bytes`)
  return cid
}

const fieldsOf = (bytes: Uint8Array): ReturnType<typeof protobufFields> => protobufFields(bytes, invalid)

const invalid = (problem: string): AppError => new AppError('BITSWAP_INVALID', `not a bitswap message: ${problem}`, { exit: 'refused' })
