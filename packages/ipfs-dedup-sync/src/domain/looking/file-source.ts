/** A file that can be read again from any place. */
export interface FileSource {
  /** Base name; undefined for standard input. */
  readonly name: string | undefined
  readonly sizeBytes: number
  /** @param end of the range, not included; undefined: to the end @throws AppError FILE_CHANGED as soon as it is seen that somebody writes to it */
  read(start?: number, end?: number): AsyncIterable<Uint8Array>
  /** @throws AppError FILE_CHANGED when it is not what it was at first (size, mtime, inode) */
  requireUnchanged(): Promise<void>
  /** The same file as it is now: for another try after FILE_CHANGED. */
  again(): Promise<FileSource>
}

/** What a folder holds, in the order of its recipe: docs/formats/recipe.md, "Folders". */
export type FolderEntry =
  | { readonly type: 'folder', readonly path: string, readonly mode: number, readonly mtimeNs: bigint }
  | { readonly type: 'symlink', readonly path: string, readonly target: string, readonly mtimeNs: bigint }
  | { readonly type: 'file', readonly path: string, readonly mode: number, readonly mtimeNs: bigint, readonly sparse: boolean, readonly source: FileSource }

/** @returns entries sorted by path, parents first; sockets, devices and pipes are told to `onSkipped` */
export interface FolderSource {
  readonly name: string
  entries(onSkipped: (path: string, what: string) => void): AsyncIterable<FolderEntry>
}
