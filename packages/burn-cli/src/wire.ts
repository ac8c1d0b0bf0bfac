/** Messages of `/ipkit/burn/1.0.0` as bytes: strict, pure, also runs in the page. Spec: docs/protocols/burn.md, "Messages". */
import { CID } from 'multiformats/cid'
import { AppError } from '@ipkit/core/errors/app-error'
import { array, boolean, bytes, check, integer, literal, nullable, variant, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { ID_BYTES, KEY_BYTES } from './domain/key-sizes.ts'
import { MAX_ANSWER_BYTES, MAX_HASHES, MAX_PAYLOAD_BYTES, MAX_READS, MAX_REQUEST_BYTES, MAX_STATEMENT_BYTES } from './domain/limits.ts'
import { HASH_BYTES, isPayloadCid } from './domain/payload-layout.ts'
import { ERROR_CODES } from './domain/refusal.ts'
import { ENC_BYTES, SEALED_BYTES } from './domain/sealed-key.ts'

export const BURN_PROTOCOL = '/ipkit/burn/1.0.0'
export const NONCE_BYTES = 32
export const PROOF_BYTES = 32

export const MESSAGE_STATES = ['unread', 'claimed', 'read', 'unconfirmed', 'expired', 'revoked'] as const

const proof = bytes({ size: PROOF_BYTES })
const id = bytes({ size: ID_BYTES })
const nonce = bytes({ size: NONCE_BYTES })
const rootCid: Schema<CID> = {
  read (value, path) {
    const cid = CID.asCID(value)
    if (cid === null || !isPayloadCid(cid)) throw new AppError('BAD_VALUE', `${path} is no CID of a payload`)
    return cid
  },
}

const REQUEST = variant('type', {
  hello: { nonce: nullable(nonce) },
  open: { id, proof },
  hashes: { from: integer(), count: integer({ min: 1, max: MAX_HASHES }) },
  leaves: { from: integer(), count: integer({ min: 1 }) },
  claim: { id, key: bytes({ size: KEY_BYTES }), link: proof, pass: nullable(proof) },
  ack: { statement: bytes({ min: 1, max: MAX_STATEMENT_BYTES }), proof },
  has: { cid: rootCid },
})

const ANSWER = variant('type', {
  nonce: { nonce },
  info: {
    state: literal(...MESSAGE_STATES),
    size: integer({ min: 1, max: MAX_PAYLOAD_BYTES }),
    expires: integer(),
    passphrase: boolean(),
    strict: boolean(),
    reads: integer({ min: 1, max: MAX_READS }),
    left: integer({ max: MAX_READS }),
    claims: array(integer(), { max: MAX_READS }),
    ended: nullable(integer()),
    locked: nullable(integer()),
  },
  'hash-list': { from: integer(), hashes: bytes({ min: HASH_BYTES, max: MAX_HASHES * HASH_BYTES }) },
  leaf: { index: integer() },
  answer: { enc: bytes({ size: ENC_BYTES }), sealed: bytes({ size: SEALED_BYTES }), at: integer(), until: integer() },
  done: {},
  holding: { has: boolean() },
  error: { code: literal(...ERROR_CODES), at: nullable(integer()) },
})

export type BurnRequest = Infer<typeof REQUEST>
export type BurnAnswer = Infer<typeof ANSWER>
export type Request<T extends BurnRequest['type']> = Extract<BurnRequest, { type: T }>
export type Answer<T extends BurnAnswer['type']> = Extract<BurnAnswer, { type: T }>

export const encodeRequest = (request: BurnRequest): Uint8Array => encodeStrict(request)
export const encodeAnswer = (answer: BurnAnswer): Uint8Array => encodeStrict(answer)

/** @throws AppError BAD_MESSAGE */
export function decodeRequest (body: Uint8Array): BurnRequest {
  return decodeMessage(REQUEST, body, MAX_REQUEST_BYTES)
}

/** @throws AppError BAD_MESSAGE */
export function decodeAnswer (body: Uint8Array): BurnAnswer {
  const answer = decodeMessage(ANSWER, body, MAX_ANSWER_BYTES)
  if (answer.type === 'info' && (answer.left > answer.reads || answer.claims.length > answer.reads)) throw bad('more claims than reads')
  if (answer.type === 'hash-list' && answer.hashes.length % HASH_BYTES !== 0) throw bad('a part of a hash')
  return answer
}

function decodeMessage<T> (schema: Schema<T>, body: Uint8Array, maxBytes: number): T {
  if (body.length > maxBytes) throw bad(`${body.length} bytes; the limit is ${maxBytes}`)
  try { return check(schema, decodeStrict(body), 'message') } catch (e) { throw bad((e as Error).message) }
}

const bad = (why: string): AppError => new AppError('BAD_MESSAGE', `the peer sent a malformed message: ${why}`, {
  exit: 'refused', hints: ['the peer may run a newer version; update and try again'],
})
