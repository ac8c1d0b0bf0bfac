/** Messages of `/libp2p/fetch/0.0.1` as bytes. Pure. Source: libp2p's fetch spec. */
import { AppError } from '../errors/app-error.ts'
import { concatBytes } from '../streams/concat-bytes.ts'
import { MAX_FETCH_KEY_BYTES, MAX_FETCH_VALUE_BYTES } from './limits.ts'
import { bytesField, bytesOf, numberField, numberOf, protobufFields } from './protobuf-fields.ts'

export const FETCH_PROTOCOL = '/libp2p/fetch/0.0.1'
/** Tags and lengths around one field of bytes, and a status. */
const OVERHEAD_BYTES = 16
export const MAX_FETCH_REQUEST_BYTES = MAX_FETCH_KEY_BYTES + OVERHEAD_BYTES
export const MAX_FETCH_RESPONSE_BYTES = MAX_FETCH_VALUE_BYTES + OVERHEAD_BYTES

/** failed: the other side could not look it up. */
export type FetchResponse = { readonly status: 'found', readonly value: Uint8Array } | { readonly status: 'not-found' | 'failed' }

const REQUEST = { identifier: 1 } as const
const RESPONSE = { status: 1, data: 2 } as const
const STATUSES = ['found', 'not-found', 'failed'] as const

export const encodeFetchRequest = (key: Uint8Array): Uint8Array => bytesField(REQUEST.identifier, key)

/** @returns the key @throws AppError FETCH_INVALID; the caller has capped the size of `bytes` */
export function decodeFetchRequest (bytes: Uint8Array): Uint8Array {
  let key: Uint8Array = new Uint8Array(0)
  for (const field of protobufFields(bytes, invalid)) if (field.number === REQUEST.identifier) key = bytesOf(field, invalid)
  if (key.length === 0 || key.length > MAX_FETCH_KEY_BYTES) throw invalid(`a key of ${key.length} bytes; 1 to ${MAX_FETCH_KEY_BYTES} are read`)
  return key
}

export function encodeFetchResponse (response: FetchResponse): Uint8Array {
  const status = numberField(RESPONSE.status, STATUSES.indexOf(response.status))
  return response.status === 'found' ? concatBytes(status, bytesField(RESPONSE.data, response.value)) : status
}

/** @throws AppError FETCH_INVALID; the caller has capped the size of `bytes` */
export function decodeFetchResponse (bytes: Uint8Array): FetchResponse {
  let status = 0
  let value: Uint8Array = new Uint8Array(0)
  for (const field of protobufFields(bytes, invalid)) {
    if (field.number === RESPONSE.status) status = numberOf(field, invalid)
    else if (field.number === RESPONSE.data) value = bytesOf(field, invalid)
  }
  const name = STATUSES[status]
  if (name === undefined) throw invalid(`the status ${status}`)
  if (name !== 'found') return { status: name } // an error's text is the peer's, and nobody here reads it
  if (value.length > MAX_FETCH_VALUE_BYTES) throw invalid(`a value of ${value.length} bytes; the limit is ${MAX_FETCH_VALUE_BYTES}`)
  return { status: name, value }
}

const invalid = (problem: string): AppError => new AppError('FETCH_INVALID', `not a message of ${FETCH_PROTOCOL}: ${problem}`, { exit: 'refused' })
