import type { ByteSource } from './byte-cursor.ts'
import { Inflating } from './inflating.ts'
import type { IngestDeps } from './ingest.ts'
import { lookIntoGzip } from './look-into-gzip.ts'
import type { Looking } from './looking.ts'
import { WHOLE_TEXT_BYTES } from './looking-limits.ts'
import { solveLong, type LongStream } from './solve-long.ts'

/**
 * A deflate stream whose text is gzip: docs/formats/recipe.md, `open`. First the stream alone is made again, then its text is looked into.
 * @param stream which the cursor stands at; behind it afterwards, or where it stood
 * @returns false, with nothing written, when no encoder gives it
 */
export async function openInside (look: Looking, stream: LongStream): Promise<boolean> {
  const { cursor, start, limit, source } = stream
  await look.jobs.drain()
  const recipe = look.recipe.mark()
  const inflating = new Inflating(look.deps.inflate, cursor, limit)
  const first = await inflating.collect(WHOLE_TEXT_BYTES)
  const solved = await solveLong(look, { ...stream, sink: undefined }, inflating, first)
  if (solved.parameters === undefined) {
    look.recipe.goBack(recipe)
    return false
  }
  look.layers.saw(0, 'zip', solved.parameters)
  await look.recipe.step({ kind: 'open', encoder: look.recipe.encoder(solved.parameters)! })
  await lookIntoGzip(look, inflated(look.deps.inflate, source, start, start + solved.streamBytes), 1)
  await look.recipe.step({ kind: 'close' })
  await cursor.seek(start + solved.streamBytes)
  return true
}

/** The text of a stream, to be read from any place: by way of all that stands before it. */
function inflated (inflate: IngestDeps['inflate'], source: ByteSource, from: number, to: number): ByteSource {
  return {
    async * read (start, end = Infinity) {
      let at = 0
      for await (const text of inflate(source.read(from, to)).text) {
        const part = text.subarray(Math.max(0, start - at), Math.max(0, end - at))
        at += text.length
        if (part.length > 0) yield part
        if (at >= end) return
      }
    },
  }
}
