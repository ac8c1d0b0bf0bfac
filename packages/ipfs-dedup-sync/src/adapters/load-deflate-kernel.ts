import { readFile } from 'node:fs/promises'
import type { DeflateKernel, NewDeflateKernel } from '../domain/deflate/deflate-kernel.ts'

interface Wasm {
  compile (bytes: Uint8Array): Promise<object>
  readonly Instance: new (module: object) => { readonly exports: unknown }
}
/** Node has it; the types for node have only its name. */
const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: Wasm }

/**
 * Compiles the encoder once, for as many instances as are wanted.
 * @param file absolute path of deflate.wasm, which the build makes
 */
export async function loadDeflateKernel (file: string): Promise<NewDeflateKernel> {
  const module = await wasm.compile(await readFile(file))
  return () => new wasm.Instance(module).exports as DeflateKernel
}
