/** The package brings no types for its entry. */
declare module 'rabin-wasm' {
  export function create (bits: number, min: number, max: number, windowSize: number): Promise<{ fingerprint(bytes: Uint8Array): Int32Array }>
}
