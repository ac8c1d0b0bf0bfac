/** What a root stands for. */
export type Restored =
  | { readonly kind: 'file', readonly sizeBytes: number, readonly sha256: Uint8Array | undefined, readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: 'folder', readonly sizeBytes: number, readonly entries: AsyncIterable<RestoredEntry> }

/** A file's bytes are to be read before the next entry is asked for. Paths are relative, with '/', without '.', '..' or empty parts: safe to join below a folder. */
export type RestoredEntry =
  | { readonly type: 'folder', readonly path: string, readonly mode: number, readonly mtimeNs: bigint }
  | { readonly type: 'symlink', readonly path: string, readonly target: string, readonly mtimeNs: bigint }
  | { readonly type: 'file', readonly path: string, readonly mode: number, readonly mtimeNs: bigint, readonly sparse: boolean, readonly sizeBytes: number, readonly bytes: AsyncIterable<Uint8Array> }
