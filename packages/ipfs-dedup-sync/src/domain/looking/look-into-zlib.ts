import type { Level } from '../deflate/encoder-parameters.ts'
import { ByteCursor, type ByteSource } from './byte-cursor.ts'
import type { Looking } from './looking.ts'
import { readMember } from './read-member.ts'
import { TextSink } from './text-sink.ts'
import { writeSteps, writeWhole } from './write-member.ts'

const HEAD_BYTES = 2
const TRAILER_BYTES = 4
/** As FLEVEL tells them. */
const LEVELS: ReadonlyArray<Level | undefined> = [1, undefined, 6, 9]

/** RFC 1950, section 2.2, without a dictionary. One of a thousand other files begins so too. */
export function beginsAsZlib ([cmf, flags]: Uint8Array): boolean {
  return cmf !== undefined && flags !== undefined && (cmf & 15) === 8 && cmf >> 4 <= 7 && (cmf * 256 + flags) % 31 === 0 && (flags & 0x20) === 0
}

/** A zlib stream and whatever comes behind it. @returns false, with nothing written, when it is none */
export async function lookIntoZlib (look: Looking, source: ByteSource): Promise<boolean> {
  const cursor = new ByteCursor(source)
  try {
    const sink = new TextSink(look.content)
    const head = await cursor.take(HEAD_BYTES)
    const level = LEVELS[head[1]! >> 6]
    const hints = { container: 'zlib' as const, ...level === undefined ? {} : { level } }
    const member = await readMember(look, { cursor, source, start: HEAD_BYTES, limit: Infinity, hints, frame: 'zlib', sink })
    if (member.kind === 'inside') throw new Error('nothing was asked for inside')
    if (member.kind === 'unsolved') {
      const { streamBytes, why } = member.unsolved
      if (streamBytes === undefined) return false
      look.layers.saw(0, 'zlib', 'kept')
      look.layers.note(`a zlib stream is kept as it is: ${why}`)
      return false
    }
    const frame = { kind: 'zlib' as const, head, trailer: await cursor.take(TRAILER_BYTES), isBgzf: false }
    if (member.kind === 'long') {
      const { parameters, segments, sum } = member.solved
      await writeSteps(look, frame, false, parameters, segments, sum)
      look.layers.saw(0, 'zlib', segments === 0 ? parameters : 'unknown')
    } else await writeWhole(look, sink, { wasBgzf: false }, { frame, ...member, container: 'zlib', level }, encoder => { look.layers.saw(0, 'zlib', encoder ?? 'kept') })
    await look.jobs.drain()
    if (sink.isTar) look.layers.saw(1, 'tar')
    const rest = await look.pass(cursor)
    if (rest > 0) look.layers.note(`${rest} bytes behind a zlib stream are kept as they are`)
    return true
  } finally {
    await cursor.close()
  }
}
