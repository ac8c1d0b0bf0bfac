import { AppError } from '@ipkit/core/errors/app-error'
import type { RunningHash } from '../looking/ingest.ts'

/** @throws AppError RESTORED_WRONG */
export function requireHash (hash: RunningHash, expected: Uint8Array, what: string): void {
  const digest = hash.digest()
  if (digest.every((byte, i) => byte === expected[i])) return
  throw new AppError('RESTORED_WRONG', `${what} has not the hash of the original`, { exit: 'refused', hints: ["the original's bytes cannot be made with this version; 'ipfs-dedup-sync verify' says whether blocks are damaged"] })
}
