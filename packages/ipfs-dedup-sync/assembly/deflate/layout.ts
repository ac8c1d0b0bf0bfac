/** Where things lie in the kernel's memory. Everything is of a fixed size and zero at the start. */

export const WINDOW_SIZE: u32 = 0x8000
export const WINDOW_MASK: u32 = WINDOW_SIZE - 1
export const MIN_MATCH: u32 = 3
export const MAX_MATCH: u32 = 258
/** With less text than this ahead the window is filled before the search goes on. */
export const MIN_LOOKAHEAD: u32 = MAX_MATCH + MIN_MATCH + 1
export const MAX_DISTANCE: u32 = WINDOW_SIZE - MIN_LOOKAHEAD

export const MAX_SYMBOLS: u32 = 0x8000
export const INPUT_SIZE: u32 = 0x20000
export const OUTPUT_SIZE: u32 = 0x80000

/** Two windows of text; comparisons read a little beyond. */
export const WINDOW: usize = memory.data(0x10000 + 512, 16)
/** The last position of each hash, 16 bits each, for hashes of up to 16 bits. */
export const HEAD: usize = memory.data(0x20000, 16)
/** The position before with the same hash, 16 bits each. */
export const PREVIOUS: usize = memory.data(0x10000, 16)
/** The symbols of a block, 32 bits each: a literal's byte, or distance << 16 | length. */
export const SYMBOLS: usize = memory.data(0x20000, 16)
/** Text that was handed in and is not in the window yet; in a block that is written by itself, its text. */
export const INPUT: usize = memory.data(0x20000, 16)
export const OUTPUT: usize = memory.data(0x80000 + 16, 16)
