import { configureKernel } from './configure-kernel.ts'
import { ENDED, feed, NEEDS_TEXT, WINDOW_SIZE, type NewDeflateKernel } from './deflate-kernel.ts'
import type { EncoderParameters } from './encoder-parameters.ts'

export interface DeflateEncoder {
  /** Takes text and gives what is ready of the stream. It does all of it only when it is read to its end. */
  write (text: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void>
  /** Gives the rest. Nothing is written after it. */
  end (): Generator<Uint8Array<ArrayBuffer>, void>
}

/**
 * An encoder with the given parameters. Joined together, what it gives is a raw deflate stream (RFC 1951) that depends on the text alone
 * and not on the pieces it came in. It holds about a megabyte, whatever the size of the text.
 * @param dictionary for an encoder whose jobs link: begins at a job instead of at the stream's beginning; the 32,768 bytes of text before it
 */
export function openEncoder (newKernel: NewDeflateKernel, parameters: EncoderParameters, dictionary?: Uint8Array): DeflateEncoder {
  const kernel = newKernel()
  configureKernel(kernel, parameters)
  if (dictionary !== undefined) {
    if (parameters.jobs?.searchAfter !== 'links' || dictionary.length !== WINDOW_SIZE) throw new RangeError(`a job begins from the ${WINDOW_SIZE} bytes before it, and only where jobs link`)
    feed(kernel, dictionary)
    kernel.beginJob()
  }
  const take = (): Uint8Array<ArrayBuffer> => {
    const size = kernel.takeOutput()
    return new Uint8Array(kernel.memory.buffer, kernel.outputAddress(), size).slice()
  }
  function * run (until: number): Generator<Uint8Array<ArrayBuffer>, void> {
    for (;;) {
      const paused = kernel.run()
      const output = take()
      if (output.length > 0) yield output
      if (paused === until || paused === ENDED) return
    }
  }
  return {
    * write (text) {
      for (let at = 0; at < text.length;) {
        at += feed(kernel, text.subarray(at))
        yield * run(NEEDS_TEXT)
      }
    },
    * end () {
      kernel.endInput()
      yield * run(ENDED)
    },
  }
}
