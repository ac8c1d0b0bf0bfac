/** Where blocks come from: the daemon of an installed version, the shared node. */
export interface BlockSource {
  /** For people: 'the daemon at /ip4/127.0.0.1/tcp/5001'. */
  readonly name: string
  /**
   * @param cid canonical @returns bytes that are those of the CID
   * @throws AppError BLOCK_NOT_FOUND, BLOCK_MISMATCH, BLOCK_TOO_LARGE, CID_INVALID; those of the way to it; the signal's reason
   */
  get(cid: string, signal: AbortSignal): Promise<Uint8Array>
}
