/** Part of a text, with some of what is before and behind it. */
export interface TextPart {
  /** In the text. */
  readonly start: number
  readonly stop: number
  /** From `start - before` on; more than up to `stop` unless the text ends there. */
  readonly bytes: Uint8Array
  readonly before: number
  /** Whether the text ends with `stop`, and with `bytes`. */
  readonly last: boolean
}

export interface TextCuts {
  /** Of each part but the last, which has from 1 byte up to `size` + `behind`; of no text there is one empty part. */
  readonly size: number
  /** Bytes that each part brings along from before it, as far as there are. */
  readonly before: number
  /** Bytes that come along from behind it, 1 at least: with fewer left the part is the last and goes to the end. */
  readonly behind: number
  /** Parts that are in use at once: the bytes of one are overwritten when so many have come after it. */
  readonly slots: number
}

/** Cuts a text of any pieces. Holds one part, and those in use in memory that other threads see without a copy: new memory for each would be garbage for long. */
export async function * cutText (text: AsyncIterable<Uint8Array>, { size, before, behind, slots }: TextCuts): AsyncGenerator<TextPart> {
  const held = new Uint8Array(before + size + behind)
  const shared: Uint8Array[] = []
  let given = 0
  const give = (end: number): Uint8Array => {
    const slot = given++ % slots
    const bytes = shared[slot] ??= new Uint8Array(new SharedArrayBuffer(held.length))
    bytes.set(held.subarray(0, end))
    return bytes.subarray(0, end)
  }
  let heldBefore = 0
  let end = 0
  let start = 0
  for await (const piece of text) {
    for (let taken = 0; taken < piece.length;) {
      if (end === heldBefore + size + behind) {
        yield { start, stop: start + size, bytes: give(end), before: heldBefore, last: false }
        const kept = Math.min(before, heldBefore + size)
        held.copyWithin(0, heldBefore + size - kept, end)
        end = kept + behind
        heldBefore = kept
        start += size
      }
      const some = piece.subarray(taken, taken + heldBefore + size + behind - end)
      held.set(some, end)
      end += some.length
      taken += some.length
    }
  }
  yield { start, stop: start + end - heldBefore, bytes: give(end), before: heldBefore, last: true }
}
