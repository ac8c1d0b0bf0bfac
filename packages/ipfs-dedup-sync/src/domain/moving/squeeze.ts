/** Raw deflate of whole bodies. */
export interface Squeeze {
  deflate(bytes: Uint8Array): Promise<Uint8Array>
  /** @param sizeBytes that it has to have @throws AppError BAD_MESSAGE when it has not, or is no raw deflate */
  inflate(bytes: Uint8Array, sizeBytes: number): Promise<Uint8Array>
}
