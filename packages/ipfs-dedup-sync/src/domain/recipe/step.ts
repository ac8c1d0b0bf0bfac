/** What a recipe is made of: docs/formats/recipe.md, "Steps". Numbers of bytes are of text, unless said otherwise. */
export type Step =
  | { readonly kind: 'bytes', readonly bytes: Uint8Array }
  | { readonly kind: 'copy', readonly sizeBytes: number }
  | { readonly kind: 'deflate', readonly encoder: number, readonly sizeBytes: number, readonly segments: number }
  | { readonly kind: 'gzip' | 'zlib', readonly head: number, readonly encoder: number, readonly sizeBytes: number, readonly segments: number }
  | { readonly kind: 'bgzf', readonly head: number, readonly encoder: number, readonly sizeBytes: number }
  | { readonly kind: 'open', readonly encoder: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'repeat', readonly count: number }
  | { readonly kind: 'mark' }
  /** `ahead`: which mark, counted from the one after that of the last `place`. */
  | { readonly kind: 'place', readonly ahead: number, readonly width: number }
  /** Marks are counted back from the last one, 0. */
  | { readonly kind: 'span', readonly from: number, readonly to: number, readonly width: number }
  | { readonly kind: 'folder', readonly path: Uint8Array, readonly mode: number, readonly seconds: number, readonly nanoseconds: number }
  | { readonly kind: 'file', readonly path: Uint8Array, readonly mode: number, readonly seconds: number, readonly nanoseconds: number, readonly sparse: number, readonly sizeBytes: number }
  | { readonly kind: 'symlink', readonly path: Uint8Array, readonly target: Uint8Array, readonly seconds: number, readonly nanoseconds: number }
  | { readonly kind: 'sum', readonly sha256: Uint8Array }

export type StepKind = Step['kind']
export type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>
