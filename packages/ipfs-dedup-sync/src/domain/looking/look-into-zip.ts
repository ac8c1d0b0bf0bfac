import { ByteCursor, partOf, type ByteSource } from './byte-cursor.ts'
import { beginsAsGzip } from './gzip-head.ts'
import { lookIntoGzip } from './look-into-gzip.ts'
import type { Looking } from './looking.ts'
import { openInside } from './open-inside.ts'
import { readMember } from './read-member.ts'
import { TextSink } from './text-sink.ts'
import { writeSteps, writeWhole } from './write-member.ts'
import { DEFLATED, OPAQUE, readZipDirectory, STORED, type ZipDirectory } from './zip-directory.ts'
import { LOCAL_BYTES, localHeaderBytes } from './zip-record.ts'
import { writeZipDirectory } from './write-zip-directory.ts'

const NOTHING = new Uint8Array(0)

/**
 * A zip from front to back: members where the central directory and their local headers say the same, everything else as it stands.
 * @param isSaid whether it begins as one: else that it is none is nothing to be told
 * @returns false, with nothing written, when there is no directory to go by
 */
export async function lookIntoZip (look: Looking, source: ByteSource, sizeBytes: number, isSaid: boolean): Promise<boolean> {
  const directory = await readZipDirectory(source, sizeBytes)
  if (typeof directory === 'string') {
    if (isSaid) look.layers.saw(0, 'zip', 'kept')
    if (isSaid) look.layers.note(`a zip is kept as it is: ${directory}`)
    return false
  }
  look.layers.saw(0, 'zip')
  const cursor = new ByteCursor(source)
  try {
    const marks = await writeMembers(look, source, cursor, directory)
    await look.pass(cursor, directory.start - cursor.at)
    await look.jobs.drain()
    await writeZipDirectory(look, cursor, directory, marks)
    await look.pass(cursor)
    return true
  } finally {
    await cursor.close()
  }
}

/** @returns for each record of the directory the mark at its member, 0 for none; and how many marks there are */
async function writeMembers (look: Looking, source: ByteSource, cursor: ByteCursor, directory: ZipDirectory): Promise<{ readonly of: Int32Array, readonly count: number }> {
  const { base, start, localAt, compressedBytes, method } = directory
  const of = new Int32Array(directory.count)
  const order = Uint32Array.from(of.keys()).sort((a, b) => localAt[a]! - localAt[b]! || a - b)
  const mark = async (): Promise<void> => { await look.jobs.inTurn(async () => { await look.recipe.step({ kind: 'mark' }) }) }
  if (base > 0) await look.pass(cursor, base)
  await mark()
  let count = 1
  for (const i of order) {
    look.deps.signal.throwIfAborted()
    if (localAt[i]! < cursor.at || localAt[i]! + LOCAL_BYTES > start) continue
    if (localAt[i]! > cursor.at) await look.pass(cursor, localAt[i]! - cursor.at)
    const size = localHeaderBytes(await cursor.peek(LOCAL_BYTES))
    if (size === undefined || !(cursor.at + size + compressedBytes[i]! <= start)) continue
    await mark()
    of[i] = count++
    await look.literal(await cursor.take(size))
    if (compressedBytes[i]! > 0) await writeMember(look, source, cursor, compressedBytes[i]!, method[i]!)
  }
  return { of, count }
}

async function writeMember (look: Looking, source: ByteSource, cursor: ByteCursor, sizeBytes: number, method: number): Promise<void> {
  const start = cursor.at
  const end = start + sizeBytes
  if (method === DEFLATED) await writeDeflated(look, source, cursor, end)
  else if (method === STORED && beginsAsGzip(await cursor.peek(Math.min(3, sizeBytes)))) {
    await lookIntoGzip(look, partOf(source, start, end), 1)
    await cursor.seek(end)
  } else {
    if (method === OPAQUE) {
      look.layers.saw(0, 'zip', 'kept')
      look.layers.note('members of a zip are kept as they are: they are encrypted, or compressed in another way')
    }
    await writeText(look, cursor, sizeBytes, method === STORED)
  }
  if (cursor.at < end) await look.pass(cursor, end - cursor.at)
}

async function writeText (look: Looking, cursor: ByteCursor, sizeBytes: number, isPlain: boolean): Promise<void> {
  if (!isPlain) { await look.pass(cursor, sizeBytes, async bytes => { await look.content.write(bytes) }); return }
  const sink = new TextSink(look.content)
  await look.pass(cursor, sizeBytes, async bytes => { await sink.write(bytes) })
  if (sink.isTar) look.layers.saw(1, 'tar')
}

async function writeDeflated (look: Looking, source: ByteSource, cursor: ByteCursor, end: number): Promise<void> {
  const start = cursor.at
  const sink = new TextSink(look.content)
  const stream = { cursor, source, start, limit: end - start, hints: { container: 'zip' as const }, frame: 'deflate' as const, sink }
  let member = await readMember(look, stream, beginsAsGzip)
  if (member.kind === 'inside') {
    if (await openInside(look, stream)) return
    member = await readMember(look, stream)
  }
  const frame = { kind: 'deflate' as const, head: NOTHING, trailer: NOTHING, isBgzf: false }
  if (member.kind === 'whole') {
    await writeWhole(look, sink, { wasBgzf: false }, { frame, ...member, container: 'zip', level: undefined }, encoder => {
      look.layers.saw(0, 'zip', encoder ?? 'kept')
      if (encoder === undefined) look.layers.note('members of a zip are kept as they are: their encoder is not known')
      if (sink.isTar) look.layers.saw(1, 'tar')
    })
  } else if (member.kind === 'long') {
    const { parameters, segments, sum } = member.solved
    await writeSteps(look, frame, false, parameters, segments, sum)
    look.layers.saw(0, 'zip', segments === 0 ? parameters : 'unknown')
    if (sink.isTar) look.layers.saw(1, 'tar')
  } else if (member.kind === 'unsolved') {
    look.layers.saw(0, 'zip', 'kept')
    look.layers.note(`members of a zip are kept as they are: ${member.unsolved.why}`)
    await look.pass(cursor, end - start, async bytes => { await look.content.write(bytes) })
  }
}
