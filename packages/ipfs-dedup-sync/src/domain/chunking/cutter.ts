/** A rule of where chunks end. What it answers depends on the bytes of the chunk alone, so it does not matter in what pieces they came. */
export interface Cutter {
  /** No chunk is longer. */
  readonly maxBytes: number
  /** The bytes stand here; at least twice `maxBytes`. One stream at a time. */
  readonly room: Uint8Array
  /**
   * @param end where the bytes that are there end: either `maxBytes` or more from `start`, or the end of the segment
   * @returns length of the chunk that begins at `start`; `start` is below `end`
   */
  cut(start: number, end: number): number
  /** Whether an empty chunk stands after a last one of this length. Kubo's buzhash has one. */
  endsWithEmpty?(lastBytes: number): boolean
}

/** Room for moving what is left over to the front seldom. */
export function roomFor (maxBytes: number): Uint8Array {
  return new Uint8Array(Math.max(2 * maxBytes, 512 * 1024))
}
