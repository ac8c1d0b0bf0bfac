/** Messages of `/ipkit/ipnsup/1.0.0` as bytes: strict, pure. Spec: docs/protocols/ipnsup.md, "Messages". */
import { AppError } from '@ipkit/core/errors/app-error'
import { nameFromMultihash, type IpnsName } from '@ipkit/core/names/ipns-name'
import { MAX_RECORD_BYTES } from '@ipkit/core/names/ipns-record'
import { bytes, check, literal, variant, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import { ERROR_CODES } from './domain/peer-refusal.ts'
import { MAX_MESSAGE_BYTES } from './domain/wire-limits.ts'

export const IPNSUP_PROTOCOL = '/ipkit/ipnsup/1.0.0'

const record = bytes({ min: 1, max: MAX_RECORD_BYTES })
/** The multihash of a key that names are made of. */
const name: Schema<IpnsName> = {
  read (value, path) {
    const found = value instanceof Uint8Array ? nameFromMultihash(value) : undefined
    if (found === undefined) throw new AppError('BAD_VALUE', `${path} is no IPNS name`)
    return found
  },
}

const REQUEST = variant('type', {
  ask: { name },
  hand: { name, record },
})

const ANSWER = variant('type', {
  record: { record },
  none: {},
  kept: {},
  known: {},
  error: { code: literal(...ERROR_CODES) },
})

export type ExchangeRequest = Infer<typeof REQUEST>
export type ExchangeAnswer = Infer<typeof ANSWER>

export const encodeRequest = (request: ExchangeRequest): Uint8Array => encodeStrict({ ...request, name: request.name.multihash })
export const encodeAnswer = (answer: ExchangeAnswer): Uint8Array => encodeStrict(answer)

/** @throws AppError BAD_MESSAGE */
export const decodeRequest = (body: Uint8Array): ExchangeRequest => decodeMessage(REQUEST, body)
/** @throws AppError BAD_MESSAGE */
export const decodeAnswer = (body: Uint8Array): ExchangeAnswer => decodeMessage(ANSWER, body)

function decodeMessage<T> (schema: Schema<T>, body: Uint8Array): T {
  if (body.length > MAX_MESSAGE_BYTES) throw badMessage(`${body.length} bytes; the limit is ${MAX_MESSAGE_BYTES}`)
  try { return check(schema, decodeStrict(body), 'message') } catch (e) { throw badMessage((e as Error).message) }
}

export const badMessage = (why: string): AppError => new AppError('BAD_MESSAGE', `the peer sent a malformed message: ${why}`, {
  exit: 'refused', hints: ['it may run a newer version; update and try again'],
})
