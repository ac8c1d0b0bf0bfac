import { ByteCursor, type ByteSource } from './byte-cursor.ts'
import { beginsAsGzip } from './gzip-head.ts'
import type { Looking } from './looking.ts'
import { lookIntoGzip } from './look-into-gzip.ts'
import { TextSink } from './text-sink.ts'

const BEGINNING_BYTES = 512

/** Gives all of a file to the writers: looked into, if there is something to be seen. */
export async function lookIntoFile (look: Looking, source: ByteSource, sizeBytes: number): Promise<void> {
  const cursor = new ByteCursor(source)
  try {
    const beginning = await cursor.peek(BEGINNING_BYTES)
    if (beginsAsGzip(beginning)) { await lookIntoGzip(look, source, 0); return }
    await lookAtText(look, cursor)
  } finally {
    await cursor.close()
  }
}

/** Plain bytes: a tar's members are seen. */
export async function lookAtText (look: Looking, cursor: ByteCursor): Promise<void> {
  const sink = new TextSink(look.content)
  await look.pass(cursor, Infinity, async bytes => { await sink.write(bytes) })
  if (sink.isTar) look.layers.saw(0, 'tar')
}
