import type { Clock } from '@ipkit/core/time/clock'
import type { DeflateEngine } from './deflate-engine.ts'

/** Opened when it is asked for something, and ended when nothing was asked of it for long: a node that looks into no archive has no threads. */
export function lazyEngine (clock: Clock, idleMs: number, open: () => DeflateEngine): DeflateEngine {
  let opened: DeflateEngine | undefined
  let users = 0
  let isOver = false
  let stopWaiting = new AbortController()

  const begin = (): DeflateEngine => {
    users++
    stopWaiting.abort(new Error('it is used again'))
    opened ??= open()
    return opened
  }
  const end = (): void => {
    if (--users > 0 || isOver) return
    stopWaiting = new AbortController()
    clock.sleep(idleMs, stopWaiting.signal).then(close, () => {})
  }
  const close = async (): Promise<void> => {
    const unused = opened
    opened = undefined
    await unused?.[Symbol.asyncDispose]()
  }
  const use = async <T>(ask: (engine: DeflateEngine) => Promise<T>): Promise<T> => {
    const engine = begin()
    try { return await ask(engine) } finally { end() }
  }
  return {
    async * encode (parameters, text, options) {
      const engine = begin()
      try { yield * engine.encode(parameters, text, options) } finally { end() }
    },
    encodeWhole: async (parameters, text) => await use(async engine => await engine.encodeWhole(parameters, text)),
    identify: async (stream, text, hints, atMost) => await use(async engine => await engine.identify(stream, text, hints, atMost)),
    async correct (stream, text, options) {
      const { parameters, segments } = await use(async engine => await engine.correct(stream, text, options))
      return { parameters, segments: (async function * () {
        begin()
        try { yield * segments } finally { end() }
      })() }
    },
    async [Symbol.asyncDispose] () {
      isOver = true
      stopWaiting.abort(new Error('it is over'))
      await close()
    },
  }
}
