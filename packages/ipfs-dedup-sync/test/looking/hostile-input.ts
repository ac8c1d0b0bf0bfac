import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import type { SeededRandom } from '@ipkit/testkit/seeded-random'
import { sourceText } from '../domain/deflate/texts.ts'

const TEXT = sourceText(60_000, 7)

/** A file of one of the formats that are looked into, before anything was done to it. */
export function anyFile (random: SeededRandom, archives: readonly Uint8Array[]): Uint8Array {
  const from = random.below(TEXT.length)
  const text = TEXT.subarray(from, from + random.below(4000))
  const level = 1 + random.below(9)
  switch (random.below(7)) {
    case 0: return gzipSync(text, { level })
    case 1: return Buffer.concat(Array.from({ length: 1 + random.below(4) }, (_, i) => gzipSync(text.subarray(i * 50), { level })))
    case 2: return deflateSync(text, { level })
    case 3: return bgzfOf(text, 1 + random.below(700))
    default: return archives[random.below(archives.length)]!
  }
}

/** Bytes changed, cut out, put in, doubled and cut off. */
export function mutate (bytes: Uint8Array, random: SeededRandom): Uint8Array {
  let out = Buffer.from(bytes)
  for (let edits = random.below(4); edits >= 0; edits--) {
    const at = random.below(out.length + 1)
    const size = random.below(1 + random.below(300))
    switch (random.below(7)) {
      case 0: if (at < out.length) out[at] = random.below(256); break
      case 1: if (at < out.length) out[at] = out[at]! ^ 1 << random.below(8); break
      case 2: out = Buffer.concat([out.subarray(0, at), out.subarray(at + size)]); break
      case 3: out = Buffer.concat([out.subarray(0, at), random.bytes(size), out.subarray(at)]); break
      case 4: out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - size))]); break
      case 5: out = out.subarray(0, at); break
      case 6: if (at + 4 <= out.length) out.writeUInt32LE([0, 1, 0xffff, 0x7fffffff, 0xffffffff][random.below(5)]!, at); break
    }
  }
  return out
}

/** Members as bgzip writes them, with node's deflate. */
export function bgzfOf (text: Uint8Array, textBytes: number): Buffer {
  const members: Buffer[] = []
  for (let at = 0; at <= text.length; at += textBytes) {
    const part = text.subarray(at, at + textBytes)
    const stream = deflateRawSync(part)
    const head = Buffer.from('1f8b08040000000000ff0600424302000000', 'hex')
    head.writeUInt16LE(head.length + stream.length + 8 - 1, 16)
    members.push(Buffer.concat([head, stream, gzipSync(part).subarray(-8)]))
  }
  return Buffer.concat(members)
}
