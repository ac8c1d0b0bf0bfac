/** What is looked into, and how far: everything here may have been made to do harm. */

/** A text up to this size is held, and many of them are encoded at a time. */
export const WHOLE_TEXT_BYTES = 1024 * 1024
/** An encoder is known by so much of a text. */
export const IDENTIFY_TEXT_BYTES = 256 * 1024
/** A stream that has over this many bytes of text, and over so many times its own size, is not looked into. */
export const BOMB_TEXT_BYTES = 256 * 1024 * 1024
export const BOMB_RATIO = 1000
/** Encoders that fit the beginning of a stream and are tried on all of it. */
export const MAX_CANDIDATES = 4
/** Texts and members that are under way at a time, and their bytes. */
export const JOBS_AHEAD = 64
export const JOB_BYTES_AHEAD = 8 * 1024 * 1024
/** Of gzip, with its extra field, name and comment. */
export const MAX_GZIP_HEAD_BYTES = 65_536 + 4096
/** A zip of more is taken as it is: its table of contents is held, at 40 bytes a member. */
export const MAX_ZIP_MEMBERS = 1_048_576
/** So much is told in the recipe rather than as content. */
export const MAX_GAP_BYTES = 1024
/** Of a tar's extended headers, one by one. */
export const MAX_TAR_EXTENSION_BYTES = 1024 * 1024
/** Whatever corrections cost: over this part of the stream it is taken as it is. */
export const CORRECTIONS_PART = 10
