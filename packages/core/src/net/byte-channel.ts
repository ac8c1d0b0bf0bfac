/**
 * The only shape of a peer connection the domain sees: bytes in, bytes out, half-close, abort.
 * `libp2p-channel.ts` adapts a libp2p stream to it; `testkit/memory-channel.ts` is the in-memory pair; both pass
 * `testkit/byte-channel-cases.ts`. Chunks have NO message boundaries - framing is `frame.ts`.
 */
export interface ByteChannel extends AsyncDisposable {
  /** base58btc */
  readonly remotePeer: string
  /**
   * One reader at a time. Leaving a loop keeps what was not read for the next one. Ends when the peer closed its side, which
   * proves nothing about completeness: every transfer carries its length and hash.
   * @throws AppError PEER_HUNG_UP when the stream was reset or the connection lost; the reason when this side aborted
   */
  readonly source: AsyncIterable<Uint8Array>
  /**
   * Resolves when the transport can take more (backpressure). Takes the bytes over: do not change them afterwards. Calls at
   * the same time are sent one after the other, each whole.
   * @throws AppError PEER_HUNG_UP, or the reason when this side aborted
   */
  write(bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  /** Resolves when all is handed to the connection. The other direction stays open. */
  closeWrite(): Promise<void>
  /** Breaks both directions off at once; what is under way is lost. */
  abort(reason: Error): void
  /** Closes the write side gracefully and lets go of the read side. */
  [Symbol.asyncDispose](): Promise<void>
}
