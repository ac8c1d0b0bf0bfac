import { argon2idAsync } from '@noble/hashes/argon2.js'
import { ARGON2ID, type Argon2id } from '../domain/keys.ts'

/** For the page, whose policy forbids WASM. */
export const nobleArgon2id: Argon2id = (passphrase, salt) => argon2idAsync(passphrase, salt, {
  t: ARGON2ID.passes, m: ARGON2ID.memoryKiB, p: ARGON2ID.lanes, dkLen: ARGON2ID.sizeBytes, version: 0x13,
})
