import { AppError } from '@ipkit/core/errors/app-error'
import { decodeStrict, encodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import type { KeptRoot } from './shelf.ts'

export const ROOT_PREFIX = 'root/'
const VERSION = 1
const KEYS = new Set(['version', 'atMs', 'sizeBytes', 'served', 'sha256', 'name', 'of'])

export function encodeKeptRoot ({ atMs, sizeBytes, served, sha256, name, of }: KeptRoot): Uint8Array {
  return encodeStrict({
    version: VERSION, atMs, sizeBytes, served,
    ...sha256 === undefined ? {} : { sha256 }, ...name === undefined ? {} : { name }, ...of === undefined ? {} : { of },
  })
}

/** @throws AppError SHELF_DAMAGED */
export function decodeKeptRoot (bytes: Uint8Array, root: string): KeptRoot {
  let map: Readonly<Record<string, CborValue>>
  try {
    map = decodeStrict(bytes) as Readonly<Record<string, CborValue>>
  } catch (e) {
    throw damaged(root, e)
  }
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  const { version, atMs, sizeBytes, served, sha256, name, of } = typeof map === 'object' && map !== null ? map : {}
  const optionalText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'
  if (version !== VERSION || !isSize(atMs) || !isSize(sizeBytes) || typeof served !== 'boolean' || !optionalText(name) || !optionalText(of) ||
    (sha256 !== undefined && !(sha256 instanceof Uint8Array && sha256.length === 32)) || Object.keys(map).some(key => !KEYS.has(key))) throw damaged(root)
  return {
    root, atMs, sizeBytes, served,
    ...sha256 === undefined ? {} : { sha256 }, ...name === undefined ? {} : { name }, ...of === undefined ? {} : { of },
  }
}

const damaged = (root: string, cause?: unknown): AppError => new AppError('SHELF_DAMAGED', `what is remembered of root ${root} cannot be read`, { cause })
