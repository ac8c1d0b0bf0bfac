import { ByteCursor, type ByteSource } from './byte-cursor.ts'
import { beginsAsGzip } from './gzip-head.ts'
import type { Looking } from './looking.ts'
import { lookIntoGzip } from './look-into-gzip.ts'
import { lookIntoZip } from './look-into-zip.ts'
import { beginsAsZlib, lookIntoZlib } from './look-into-zlib.ts'
import { TextSink } from './text-sink.ts'

const BEGINNING_BYTES = 512

/** Gives all of a file to the writers: looked into, if there is something to be seen. */
export async function lookIntoFile (look: Looking, source: ByteSource, sizeBytes: number): Promise<void> {
  const cursor = new ByteCursor(source)
  try {
    const beginning = await cursor.peek(BEGINNING_BYTES)
    if (beginsAsGzip(beginning)) { await lookIntoGzip(look, source, 0); return }
    const isZip = beginning[0] === 0x50 && beginning[1] === 0x4b
    if ((isZip || mayEndAsZip(beginning)) && await lookIntoZip(look, source, sizeBytes, isZip)) return
    if (beginsAsZlib(beginning) && await lookIntoZlib(look, source)) return
    await lookAtText(look, cursor)
  } finally {
    await cursor.close()
  }
}

/** A program that may have a zip behind it: of Windows, of Unix, a script. */
function mayEndAsZip ([a, b, c]: Uint8Array): boolean {
  return (a === 0x4d && b === 0x5a) || (a === 0x7f && b === 0x45 && c === 0x4c) || (a === 0x23 && b === 0x21)
}

/** Plain bytes: a tar's members are seen. */
export async function lookAtText (look: Looking, cursor: ByteCursor): Promise<void> {
  const sink = new TextSink(look.content)
  await look.pass(cursor, Infinity, async bytes => { await sink.write(bytes) })
  if (sink.isTar) look.layers.saw(0, 'tar')
}
