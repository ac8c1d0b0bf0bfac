import { fileURLToPath } from 'node:url'
import { loadDeflateKernel } from '../../../src/adapters/load-deflate-kernel.ts'
import type { EncoderParameters } from '../../../src/domain/deflate/encoder-parameters.ts'
import { openEncoder } from '../../../src/domain/deflate/open-encoder.ts'

export const newKernel = await loadDeflateKernel(fileURLToPath(new URL('../../../dist/deflate.wasm', import.meta.url)))

const kernel = newKernel()

/** @param pieces sizes in which the text is written, over and over */
export function encodeWhole (parameters: EncoderParameters, text: Uint8Array, pieces: readonly number[] = [text.length]): Buffer {
  const encoder = openEncoder(() => kernel, parameters)
  const out: Uint8Array[] = []
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = Math.max(1, pieces[i % pieces.length]!)
    out.push(...encoder.write(text.subarray(at, at + size)))
    at += size
  }
  out.push(...encoder.end())
  return Buffer.concat(out)
}
