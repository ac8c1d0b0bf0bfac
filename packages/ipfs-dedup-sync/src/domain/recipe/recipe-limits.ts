/** docs/formats/recipe.md. A test compares them with the page. */

export const RECIPE_FORMAT = 'ipkit/recipe/1'
/** Of one step. */
export const MAX_STEP_BYTES = 128 * 1024
/** Of the first item. */
export const MAX_RECIPE_HEAD_BYTES = 512 * 1024
/** Of the bytes of one step. */
export const MAX_LITERAL_BYTES = 65_536
export const MAX_ENCODERS = 64
export const MAX_HEADS = 64
/** Of one head. */
export const MAX_HEAD_BYTES = 4096
export const MAX_MARKS = 2_097_152
export const MAX_BGZF_TEXT_BYTES = 65_536
/** Of an encoder that works in jobs: each thread holds one. */
export const MAX_JOB_BYTES = 1_048_576
/** Of a path, and of what a link points to. */
export const MAX_PATH_BYTES = 4096
