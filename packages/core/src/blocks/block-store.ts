/** Content-addressed blocks. CIDs are canonical text. `helia-block-store.ts` is the real one, `memory-block-store.ts` the other. */
export interface BlockStore extends AsyncDisposable {
  /**
   * From here, else from the peers that are connected.
   * @throws AppError BLOCK_NOT_FOUND when nobody had it in time; the signal's reason when that aborts first
   */
  get(cid: string, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array>
  /** @throws AppError BLOCK_MISMATCH when the bytes are not those of the CID, BLOCK_TOO_LARGE, CID_INVALID */
  put(cid: string, bytes: Uint8Array): Promise<void>
  /** Only here: asks nobody. */
  has(cid: string): Promise<boolean>
  /** No error when it was not there. */
  delete(cid: string): Promise<void>
}

/** What other bitswap clients take at most. */
export const MAX_BLOCK_BYTES = 2 * 1024 * 1024
/** How long a `get` without a signal waits for peers. */
export const BLOCK_WAIT_MS = 60_000
