import { AppError } from '@ipkit/core/errors/app-error'
import { decodeStrict, encodeStrict } from '@ipkit/core/streams/strict-cbor'
import type { PointedFile } from './shelf.ts'

export const FILE_PREFIX = 'file/'
const VERSION = 1

export const fileKey = (file: number): string => FILE_PREFIX + String(file).padStart(8, '0')

export function encodePointedFile ({ path, sizeBytes, mtimeNs }: PointedFile): Uint8Array {
  return encodeStrict({ version: VERSION, path, sizeBytes, mtimeNs: mtimeNs.toString() })
}

/** @throws AppError SHELF_DAMAGED */
export function decodePointedFile (bytes: Uint8Array, key: string): PointedFile {
  try {
    const { version, path, sizeBytes, mtimeNs, ...rest } = decodeStrict(bytes) as Readonly<Record<string, unknown>>
    if (version === VERSION && typeof path === 'string' && typeof sizeBytes === 'number' && typeof mtimeNs === 'string' && /^-?\d+$/.test(mtimeNs) && Object.keys(rest).length === 0) {
      return { path, sizeBytes, mtimeNs: BigInt(mtimeNs) }
    }
  } catch { /* told below */ }
  throw new AppError('SHELF_DAMAGED', `what the index says under '${key}' cannot be read`)
}
