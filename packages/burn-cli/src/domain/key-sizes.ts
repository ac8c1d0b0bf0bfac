/** Sizes of what a link and a message are made of; apart from the cryptography, which most commands do without. */
export const ID_BYTES = 16
/** L, D and every key derived from them. */
export const KEY_BYTES = 32
