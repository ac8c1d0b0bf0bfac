import type { WholeFile } from '@ipkit/core/cli/io'

/** Large writes, and one under way while the next is filled: a write for each piece would wait for the disk 16,000 times a GiB. */
const WRITE_BYTES = 1 << 20

/**
 * Writes everything. Pieces may be reused by their source afterwards.
 * @param onBytes told how much is on its way to the disk
 * @returns how many bytes there were @throws what the source or the file throws
 */
export async function writeBehind (file: WholeFile, source: AsyncIterable<Uint8Array>, onBytes: (doneBytes: number) => void): Promise<number> {
  let filling = new Uint8Array(WRITE_BYTES)
  let spare = new Uint8Array(WRITE_BYTES)
  let filled = 0
  let doneBytes = 0
  let writing: Promise<void> = Promise.resolve()
  const flush = async (): Promise<void> => {
    await writing // the spare one is free again
    writing = file.write(filling.subarray(0, filled))
    writing.catch(() => {}) // seen by the next flush, or at the end
    doneBytes += filled
    onBytes(doneBytes)
    ;[filling, spare] = [spare, filling]
    filled = 0
  }
  try {
    for await (const piece of source) {
      for (let at = 0; at < piece.length;) {
        const part = piece.subarray(at, at + WRITE_BYTES - filled)
        filling.set(part, filled)
        filled += part.length
        at += part.length
        if (filled === WRITE_BYTES) await flush()
      }
    }
    if (filled > 0) await flush()
  } finally {
    await writing
  }
  return doneBytes
}
