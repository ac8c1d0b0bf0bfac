export function isAllowed (expression: string): boolean
export function writeLicences (
  dist: string,
  manifest: { readonly name: string, readonly version: string },
  metafiles: ReadonlyArray<{ readonly outputs: Readonly<Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>> }>,
): Promise<void>
