/** Why a search paused. */
export const NEEDS_INPUT: i32 = 0
export const BLOCK_ENDS: i32 = 1
export const TEXT_ENDS: i32 = 2
export const STOPPED: i32 = 3
