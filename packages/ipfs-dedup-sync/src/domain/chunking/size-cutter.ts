import { roomFor, type Cutter } from './cutter.ts'

/** Kubo's `size-N`. */
export function sizeCutter (sizeBytes: number): Cutter {
  return { maxBytes: sizeBytes, room: roomFor(sizeBytes), cut: (start, end) => Math.min(end - start, sizeBytes) }
}
