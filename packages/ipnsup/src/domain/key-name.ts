/** What a key may be called, as the node has it: docs/formats/identity-key.md, "keys/". Letters, digits, dots, dashes and underscores, a letter or digit first. */
export const KEY_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
export const MAX_KEY_NAME_CHARACTERS = 64
