/** Names, limits and shapes of the RPC, for both ends. Spec: docs/protocols/daemon-rpc.md */
import type { ProgressEvent } from '../cli/io.ts'
import { AppError } from '../errors/app-error.ts'
import type { ExitName } from '../errors/exit-codes.ts'
import { answer, anything, array, boolean, check, integer, literal, object, optional, record, string, type Infer } from '../schema/schema.ts'

export const HELLO_PATH = '/v1/hello'
export const DRAIN_PATH = '/v1/drain'
export const CALL_PREFIX = '/v1/call/'
export const METHOD_PATTERN = /^[a-z][a-z0-9-]{0,31}\.[a-zA-Z][a-zA-Z0-9.-]{0,63}$/

export const MAX_PARAMS_BYTES = 1024 * 1024
/** One line of an answer. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024
/** A client that has not sent its params line by then is let go. */
export const PARAMS_TIMEOUT_MS = 30_000
/** How long an unread upload is drained after the answer, so that the client can still read the answer. */
export const LINGER_MS = 5_000
export const MAX_CONNECTIONS = 1024

export const NDJSON = 'application/x-ndjson'
export const OCTETS = 'application/octet-stream'

/** Integer range of RPC protocols one side speaks; two sides use the highest common one. */
export interface ProtocolRange { readonly min: number, readonly max: number }
export const RPC_PROTOCOL: ProtocolRange = { min: 1, max: 1 }

/** @returns the protocol to use, or which side is too old */
export function agree (ours: ProtocolRange, theirs: ProtocolRange): number | 'we are older' | 'they are older' {
  const common = Math.min(ours.max, theirs.max)
  if (common >= ours.min && common >= theirs.min) return common
  return ours.max < theirs.min ? 'we are older' : 'they are older'
}

/** Headers of a call that goes ahead of the hello; a node of any version reads them. */
export const PROTOCOL_HEADER = 'ipkit-protocol'
export const SERVICE_HEADER = 'ipkit-service'

/** What a client would look for in the hello. */
export interface CallNeeds {
  readonly protocol: ProtocolRange
  /** The least build of a service. */
  readonly service?: { readonly name: string, readonly build: number } | undefined
}

/** Header lines, each with its end. */
export function needsLines ({ protocol, service }: CallNeeds): string {
  return `${PROTOCOL_HEADER}: ${protocol.min}-${protocol.max}\r\n${service === undefined ? '' : `${SERVICE_HEADER}: ${service.name}/${service.build}\r\n`}`
}

/** Whether a call with these headers may begin. One without them builds on a hello, or is sent by hand; one that is not understood may not. */
export function meetsNeeds ({ protocol, services }: Pick<Hello, 'protocol' | 'services'>, headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const range = headers[PROTOCOL_HEADER]
  const service = headers[SERVICE_HEADER]
  if (range !== undefined) {
    const [, min, max] = /^(\d{1,6})-(\d{1,6})$/.exec(String(range)) ?? []
    if (min === undefined || typeof agree({ min: Number(min), max: Number(max) }, protocol) !== 'number') return false
  }
  if (service === undefined) return true
  const [, name = '', build] = /^([a-z][a-z0-9-]{0,31})\/(\d{1,9})$/.exec(String(service)) ?? []
  return Object.hasOwn(services, name) && services[name]! >= Number(build)
}

const protocolNumber = integer({ min: 1, max: 1_000_000 })
const name = string({ min: 1, max: 64 })

/** Clients of any age read it. */
export const helloSchema = answer({
  protocol: answer({ min: protocolNumber, max: protocolNumber }),
  version: string({ max: 64 }),
  capabilities: array(name, { max: 64 }),
  pid: integer({ min: 1 }),
  peerId: string({ max: 128 }),
  draining: boolean(),
  busy: boolean(),
  /** Loaded services with their integer builds. */
  services: record(name, integer(), { max: 256 }),
})
export type Hello = Infer<typeof helloSchema>

export const drainAskSchema = object({ ifIdle: boolean() })
export const drainReplySchema = answer({ draining: boolean(), calls: integer(), leases: integer() })
export type DrainReply = Infer<typeof drainReplySchema>

const progressSchema = answer({ step: string({ max: 256 }), doneBytes: optional(integer()), totalBytes: optional(integer()) })

/** One line of an answer. */
export type RpcEvent =
  | { readonly kind: 'progress', readonly event: ProgressEvent }
  | { readonly kind: 'item' | 'result' | 'error', readonly value: unknown }
  | { readonly kind: 'end' }

const eventSchema = object({ progress: optional(progressSchema), item: optional(anything()), result: optional(anything()), end: optional(literal(true)), error: optional(anything()) })

/** @throws AppError BAD_ANSWER */
export function readEvent (text: string): RpcEvent {
  let value: unknown
  try { value = JSON.parse(text) } catch { value = text }
  const line = check(eventSchema, value, 'the answer', 'BAD_ANSWER')
  const keys = Object.keys(line) as Array<keyof typeof line>
  const kind = keys.length === 1 ? keys[0]! : 'several'
  switch (kind) {
    case 'progress': return { kind, event: line.progress as ProgressEvent }
    case 'item': case 'result': case 'error': return { kind, value: line[kind] }
    case 'end': return { kind }
    default: throw new AppError('BAD_ANSWER', `the answer has a line with ${keys.length} keys; it must have one`)
  }
}

/** The HTTP status of an error that comes before the first byte of an answer. */
export const STATUS: Readonly<Record<ExitName, number>> = {
  ok: 500, failed: 500, usage: 400, partial: 500, notFound: 404, unreachable: 502, timedOut: 504, busy: 409, refused: 403, bug: 500, interrupted: 499, terminated: 503,
}
