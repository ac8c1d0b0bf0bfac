const MODULUS = 65_521
/** So many bytes can be summed before a sum leaves 32 bits. */
const RUN = 5552

/** Adler-32 of zlib streams (RFC 1950, section 8.2). @param adler of what came before; 1 for nothing @returns 32 bits, unsigned */
export function adler32 (bytes: Uint8Array, adler = 1): number {
  let a = adler & 0xffff
  let b = adler >>> 16
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + RUN, bytes.length)
    for (; at < end; at++) {
      a += bytes[at]!
      b += a
    }
    a %= MODULUS
    b %= MODULUS
  }
  return (b << 16 | a) >>> 0
}
