import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { AppError } from '../errors/app-error.ts'
import { isCanonicalCid } from '../link/content-cid.ts'
import { MAX_BLOCK_BYTES } from './block-store.ts'

const SHA2_256 = 0x12
const IDENTITY = 0x00

/** @throws AppError CID_INVALID */
export function parseCid (text: string): CID {
  if (!isCanonicalCid(text)) throw new AppError('CID_INVALID', 'not a CID in its canonical form', { exit: 'usage' })
  return CID.parse(text)
}

/** @throws AppError BLOCK_MISMATCH, BLOCK_TOO_LARGE */
export function checkBlock (cid: CID, bytes: Uint8Array): void {
  if (bytes.length > MAX_BLOCK_BYTES) throw new AppError('BLOCK_TOO_LARGE', `a block of ${bytes.length} bytes is over the limit of ${MAX_BLOCK_BYTES}`, { exit: 'refused' })
  const { code, digest } = cid.multihash
  if (code !== SHA2_256 && code !== IDENTITY) throw new AppError('BLOCK_MISMATCH', `hash function 0x${code.toString(16)} is not supported`, { exit: 'refused', hints: ['use sha2-256'] })
  const actual = code === SHA2_256 ? createHash('sha256').update(bytes).digest() : bytes
  if (Buffer.compare(actual, digest) !== 0) throw new AppError('BLOCK_MISMATCH', 'the bytes are not those of the CID', { exit: 'refused' })
}
