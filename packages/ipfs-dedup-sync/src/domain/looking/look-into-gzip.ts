import { ByteCursor, type ByteSource } from './byte-cursor.ts'
import { readGzipHead } from './gzip-head.ts'
import type { Looking } from './looking.ts'
import { readMember } from './read-member.ts'
import { TextSink } from './text-sink.ts'
import { writeSteps, writeWhole, type MemberRun } from './write-member.ts'

const TRAILER_BYTES = 8

/** Members of gzip one after the other (RFC 1952), and whatever comes behind them. Their texts are one: a tar may go on from one to the next. @param depth of the layer */
export async function lookIntoGzip (look: Looking, source: ByteSource, depth: number): Promise<void> {
  const cursor = new ByteCursor(source)
  const sink = new TextSink(look.content)
  const run: MemberRun = { wasBgzf: false }
  try {
    while (await readOne(look, source, cursor, sink, run, depth)) look.deps.signal.throwIfAborted()
    await look.jobs.drain()
    if (sink.isTar) look.layers.saw(depth + 1, 'tar')
  } finally {
    await cursor.close()
  }
}

/** @returns false at the end */
async function readOne (look: Looking, source: ByteSource, cursor: ByteCursor, sink: TextSink, run: MemberRun, depth: number): Promise<boolean> {
  const memberStart = cursor.at
  const found = await readGzipHead(cursor)
  if (found === undefined) {
    const rest = await look.pass(cursor)
    if (rest > 0) look.layers.note(`${rest} bytes behind the last member of gzip are kept as they are`)
    return false
  }
  const head = await cursor.take(found.sizeBytes)
  const hints = { container: 'gzip' as const, ...found.level === undefined ? {} : { level: found.level } }
  const member = await readMember(look, { cursor, source, start: cursor.at, limit: Infinity, hints, frame: 'gzip', sink })
  if (member.kind === 'inside') throw new Error('nothing was asked for inside')
  if (member.kind === 'unsolved') {
    const { streamBytes, why } = member.unsolved
    await look.jobs.drain()
    await cursor.seek(memberStart)
    sink.lose()
    run.wasBgzf = false
    look.layers.saw(depth, 'gzip', 'kept')
    look.layers.note(`gzip is kept as it is: ${why}`)
    await look.pass(cursor, streamBytes === undefined ? Infinity : head.length + streamBytes + TRAILER_BYTES)
    return streamBytes !== undefined
  }
  const frame = { kind: 'gzip' as const, head, trailer: await cursor.take(TRAILER_BYTES), isBgzf: found.isBgzf }
  if (member.kind === 'long') {
    const { parameters, segments, sum } = member.solved
    run.wasBgzf = false
    await writeSteps(look, frame, false, parameters, segments, sum)
    look.layers.saw(depth, 'gzip', segments === 0 ? parameters : 'unknown')
  } else {
    await writeWhole(look, sink, run, { frame, ...member, container: 'gzip', level: found.level }, encoder => {
      look.layers.saw(depth, 'gzip', encoder ?? 'kept')
      if (encoder === undefined) look.layers.note('gzip is kept as it is: its encoder is not known')
    })
  }
  return true
}
