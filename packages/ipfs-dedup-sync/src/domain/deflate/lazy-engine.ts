import type { DeflateEngine } from './deflate-engine.ts'

/** Opened when it is first asked for something: a node that looks into no archive starts no threads. */
export function lazyEngine (open: () => DeflateEngine): DeflateEngine {
  let opened: DeflateEngine | undefined
  const engine = (): DeflateEngine => {
    opened ??= open()
    return opened
  }
  return {
    encode: (parameters, text, options) => engine().encode(parameters, text, options),
    encodeWhole: async (parameters, text) => await engine().encodeWhole(parameters, text),
    identify: async (stream, text, hints, atMost) => await engine().identify(stream, text, hints, atMost),
    correct: async (stream, text, options) => await engine().correct(stream, text, options),
    async [Symbol.asyncDispose] () { await opened?.[Symbol.asyncDispose]() },
  }
}
