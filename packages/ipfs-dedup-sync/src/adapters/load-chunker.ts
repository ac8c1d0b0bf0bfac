import { readFileSync } from 'node:fs'
import type { GearScanner } from '../domain/chunking/gear-scanner.ts'
import { jsGearScanner } from '../domain/chunking/js-gear-scanner.ts'
import { wasmGearScanner, type ChunkerExports } from '../domain/chunking/wasm-gear-scanner.ts'

/** What of it is used; node's own typings leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
} | undefined

/**
 * Makes scanners, each with memory of its own: of WASM, or of JS where this node runs no WASM (`--jitless`).
 * @param file dist/chunker.wasm
 * @throws the error of the file when it cannot be read: the package is not whole
 */
export function loadChunker (file: string): (table: BigUint64Array) => GearScanner {
  if (typeof WebAssembly === 'undefined') return jsGearScanner
  const { Module, Instance } = WebAssembly
  const module = new Module(readFileSync(file))
  return table => wasmGearScanner(table, new Instance(module).exports as ChunkerExports)
}
