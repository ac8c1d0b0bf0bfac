import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { BGZF_SIZE_AT, TextSum } from '../recipe/frame.ts'
import { MAX_BGZF_TEXT_BYTES } from '../recipe/recipe-limits.ts'
import { readLittleEndian } from '../recipe/little-endian.ts'
import type { Looking } from './looking.ts'
import { solveWhole } from './solve-whole.ts'
import type { TextSink } from './text-sink.ts'

/** What stands around a deflate stream. */
export interface MemberFrame {
  readonly kind: 'deflate' | 'gzip' | 'zlib'
  readonly head: Uint8Array
  /** Fewer bytes than there should be at the end of what was cut off. */
  readonly trailer: Uint8Array
  readonly isBgzf: boolean
}

export interface WholeMember {
  readonly frame: MemberFrame
  readonly stream: Uint8Array
  readonly text: Uint8Array
  readonly container: 'gzip' | 'zip' | 'zlib'
  readonly level: Parameters<typeof solveWhole>[3]['level'] | undefined
}

/** What is known of the members before: texts of bgzf are not parted by cuts. */
export interface MemberRun { wasBgzf: boolean }

/** @param onSolved with undefined when it was taken as it is */
export async function writeWhole (look: Looking, sink: TextSink, run: MemberRun, member: WholeMember, onSolved: (encoder: EncoderParameters | 'unknown' | undefined) => void): Promise<void> {
  const { frame, stream, text, container, level } = member
  const work = solveWhole(look, stream, text, { container, ...level === undefined ? {} : { level } })
  await look.jobs.add(work, stream.length + 2 * text.length, async solved => {
    if (solved === undefined || look.recipe.encoder(solved.parameters) === undefined) {
      sink.lose()
      run.wasBgzf = false
      await look.keep(concatBytes(frame.head, stream, frame.trailer))
      onSolved(undefined)
      return
    }
    const sum = new TextSum(frame.kind)
    sum.update(text)
    const isBgzf = frame.isBgzf && solved.segments.length === 0 && isBgzfMember(frame, stream, text, sum)
    if (!isBgzf || !run.wasBgzf) await sink.cut()
    await sink.write(text)
    if (!isBgzf) await sink.cut()
    run.wasBgzf = isBgzf
    await look.correct(solved.segments)
    await writeSteps(look, frame, isBgzf, solved.parameters, solved.segments.length, sum)
    onSolved(solved.segments.length === 0 ? solved.parameters : 'unknown')
  })
}

/** The steps of a member whose text is in the content. There is room for its encoder. */
export async function writeSteps (look: Looking, { kind, head, trailer }: MemberFrame, isBgzf: boolean, parameters: EncoderParameters, segments: number, sum: TextSum): Promise<void> {
  const { recipe } = look
  const { sizeBytes } = sum
  const encoder = recipe.encoder(parameters)!
  const told = kind !== 'deflate' && isEqual(sum.trailer(), trailer) ? recipe.head(isBgzf ? withoutSize(head) : head) : undefined
  if (told === undefined || kind === 'deflate') {
    await recipe.bytes(head)
    await recipe.step({ kind: 'deflate', encoder, sizeBytes, segments })
    await recipe.bytes(trailer)
  } else if (isBgzf) await recipe.step({ kind: 'bgzf', head: told, encoder, sizeBytes })
  else await recipe.step({ kind, head: told, encoder, sizeBytes, segments })
}

function isBgzfMember ({ head, trailer }: MemberFrame, stream: Uint8Array, text: Uint8Array, sum: TextSum): boolean {
  const size = head.length + stream.length + trailer.length
  return text.length <= MAX_BGZF_TEXT_BYTES && readLittleEndian(head, BGZF_SIZE_AT, 2) === size - 1 && isEqual(sum.trailer(), trailer)
}

function withoutSize (head: Uint8Array): Uint8Array {
  const out = Uint8Array.from(head) // `slice` of a Buffer would be the original itself
  out.fill(0, BGZF_SIZE_AT, BGZF_SIZE_AT + 2)
  return out
}

function isEqual (a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
