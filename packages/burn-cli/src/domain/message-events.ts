/**
 * What a message's log holds: one JSON object a record. Format: docs/formats/burn-messages.md. D, L and the passphrase are in
 * none of them.
 */
import { base64url, boolean, integer, literal, nullable, string, variant, type Infer } from '@ipkit/core/schema/schema'
import { decodeEvent, stamp } from './event-codec.ts'
import { ID_BYTES, KEY_BYTES } from './key-sizes.ts'
import { MAX_EXPIRY_MS, MAX_NAME_BYTES, MAX_PAYLOAD_BYTES, MAX_READS } from './limits.ts'

const text = (max: number): ReturnType<typeof string> => string({ max })
const key = { key: base64url({ size: KEY_BYTES }) }

const eventSchema = variant('event', {
  created: {
    ...stamp,
    format: literal(1),
    id: base64url({ size: ID_BYTES }),
    root: text(80),
    sizeBytes: integer({ min: 1, max: MAX_PAYLOAD_BYTES }),
    linkProofKey: base64url({ size: KEY_BYTES }),
    passProofKey: nullable(base64url({ size: KEY_BYTES })),
    ackKey: base64url({ size: KEY_BYTES }),
    lifeMs: integer({ min: 0, max: MAX_EXPIRY_MS }),
    reads: integer({ min: 1, max: MAX_READS }),
    to: nullable(text(128)),
    web: boolean(),
    strict: boolean(),
    volatile: boolean(),
    name: nullable(text(MAX_NAME_BYTES)),
  },
  claimed: { ...stamp, ...key, reader: text(512) },
  acked: { ...stamp, ...key },
  over: { ...stamp, ...key },
  wrong: { ...stamp, reader: text(512) },
  unlocked: { ...stamp },
  expired: { ...stamp, why: literal('time', 'forgotten') },
  revoked: { ...stamp },
})

export type MessageEvent = Infer<typeof eventSchema>
export type CreatedEvent = Extract<MessageEvent, { event: 'created' }>

/** @throws AppError BAD_EVENT: to the owner of the log, a damaged record */
export const decodeMessageEvent = (record: Uint8Array): MessageEvent => decodeEvent(eventSchema, record)
