/** Finds candidates for cuts. Two adapters: `wasm-gear-scanner.ts` and, where there is no WASM, `js-gear-scanner.ts`. Both find the same. */
export interface GearScanner {
  /** Bytes to be searched stand here; positions count from its beginning. Not to be used by two callers. */
  readonly room: Uint8Array
  /**
   * @param from at least 64: H is over the 64 bytes before a position
   * @param bits how many of the highest bits of H are zero
   * @returns the first such position from `from` to `to`, both included; -1 for none
   */
  find(from: number, to: number, bits: number): number
  /** Every weak candidate from `from` to `to`, in order, with `STRONG` set for the strong ones. Valid until the next call. */
  findAll(from: number, to: number): Uint32Array
}

export const STRONG = 0x8000_0000
/** So much fits into the room: a piece of a stream and the bytes before it. */
export const ROOM_BYTES = 1024 * 1024 + 64
