import { AppError } from '@ipkit/core/errors/app-error'
import type { DeflateEngine } from '../../src/domain/deflate/deflate-engine.ts'
import { identify } from '../../src/domain/deflate/identify.ts'
import { openEncoder } from '../../src/domain/deflate/open-encoder.ts'
import { newKernel } from '../domain/deflate/encode-whole.ts'

/** In the caller's thread, step by step, without corrections. */
export function slowEngine (): DeflateEngine & { readonly calls: Record<'encode' | 'encodeWhole' | 'identify' | 'correct', number> } {
  const calls = { encode: 0, encodeWhole: 0, identify: 0, correct: 0 }
  const kernel = newKernel()
  return {
    calls,
    async * encode (parameters, text) {
      calls.encode++
      const encoder = openEncoder(newKernel, parameters)
      for await (const piece of text) yield * encoder.write(piece)
      yield * encoder.end()
    },
    async encodeWhole (parameters, text) {
      calls.encodeWhole++
      const encoder = openEncoder(() => kernel, parameters)
      return Buffer.concat([...encoder.write(text), ...encoder.end()])
    },
    async identify (stream, text, hints, atMost) {
      calls.identify++
      const found = []
      for (const { parameters } of identify(newKernel, stream, text, hints)) {
        found.push(parameters)
        if (found.length === atMost) break
      }
      return found
    },
    async correct () {
      calls.correct++
      throw new AppError('CORRECTIONS_TOO_LARGE', 'there are none here')
    },
    async [Symbol.asyncDispose] () {},
  }
}
