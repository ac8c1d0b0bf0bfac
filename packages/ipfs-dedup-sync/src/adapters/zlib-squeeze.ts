import { promisify } from 'node:util'
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib'
import { badMessage } from '../domain/moving/compact-bytes.ts'
import type { Squeeze } from '../domain/moving/squeeze.ts'

const deflateAside = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw)
const inflateAside = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw)
/** Shorter bodies take less time than the way to another thread. */
const ASIDE_BYTES = 32 * 1024

/** node's zlib; long bodies in its thread pool, fast rather than small. */
export const zlibSqueeze: Squeeze = {
  async deflate (bytes) {
    return bytes.length < ASIDE_BYTES ? deflateRawSync(bytes, { level: 9 }) : await deflateAside(bytes, { level: 3 })
  },
  async inflate (bytes, sizeBytes) {
    let out: Uint8Array
    try {
      const limit = { maxOutputLength: Math.max(1, sizeBytes) }
      out = bytes.length < ASIDE_BYTES ? inflateRawSync(bytes, limit) : await inflateAside(bytes, limit)
    } catch (e) {
      throw badMessage(`a body that cannot be unpacked: ${(e as Error).message}`)
    }
    if (out.length !== sizeBytes) throw badMessage(`a body of ${out.length} bytes where ${sizeBytes} were said`)
    return out
  },
}
