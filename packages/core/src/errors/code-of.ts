/** The `code` of whatever was thrown (ENOENT, an AppError's code), or undefined. Never `instanceof`: errors come from other realms too. */
export function codeOf (e: unknown): string | undefined {
  const code = typeof e === 'object' && e !== null ? (e as { code?: unknown }).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** A message for whatever was thrown. */
export function messageOf (e: unknown): string {
  const message = typeof e === 'object' && e !== null ? (e as { message?: unknown }).message : undefined
  return typeof message === 'string' ? message : String(e)
}
