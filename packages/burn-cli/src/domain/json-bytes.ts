import { toJson } from '@ipkit/core/schema/to-json'

/** UTF-8 of the JSON of it. */
export const toJsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(toJson(value)))
