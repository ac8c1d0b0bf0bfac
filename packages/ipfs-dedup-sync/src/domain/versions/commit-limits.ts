/** docs/formats/sync-commit.md, "Limits". Characters are UTF-16 code units. */
export const MAX_COMMIT_BYTES = 3072
export const MAX_NOTE_CHARACTERS = 512
export const MAX_FILE_CHARACTERS = 255
export const MAX_AUTHOR_CHARACTERS = 64
/** Of one history: what is walked at most. */
export const MAX_VERSIONS = 1_000_000
