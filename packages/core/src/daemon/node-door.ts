import type { ProgressEvent } from '../cli/io.ts'

/** How a command reaches the shared node. Connecting, starting a node and agreeing on versions happen behind it. */
export interface NodeDoor {
  /**
   * @param params plain JSON data
   * @returns the method's result, not yet validated
   * @throws AppError what the method threw (same code, exit and hints), NODE_* when no node can be reached or started
   */
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown>
  /** A method that answers with items, one by one. Leaving the loop early cancels the call. */
  list(method: string, params: unknown, options?: CallOptions): AsyncIterable<unknown>
  /** A method that answers with bytes. Ends normally only when the node sent all of them. */
  bytes(method: string, params: unknown, options?: CallOptions): AsyncIterable<Uint8Array>
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** Streamed to the node after the params, with backpressure. */
  readonly upload?: AsyncIterable<Uint8Array>
  /** The call changes nothing, so it may reach the node twice. Then it need not wait for a hello. */
  readonly repeatable?: boolean
  readonly onProgress?: (event: ProgressEvent) => void
}
