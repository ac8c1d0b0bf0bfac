import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import type { DeflateEngine } from '../deflate/deflate-engine.ts'
import type { ContentTaker } from './content-taker.ts'
import { TextSum, withMemberSize } from './frame.ts'
import { MarkBook } from './mark-book.ts'
import { invalidRecipe } from './recipe-error.ts'
import { needsCorrections, type RecipeHead } from './recipe-head.ts'
import type { SegmentTaker } from './segment-taker.ts'
import type { StepCursor } from './step-cursor.ts'
import type { Step, StepOf } from './step.ts'

export interface RunDeps {
  readonly engine: DeflateEngine
  readonly signal: AbortSignal
  readonly head: RecipeHead
  readonly steps: StepCursor
  readonly content: ContentTaker
  readonly corrections: SegmentTaker | undefined
}

type DeflateStep = StepOf<'deflate' | 'gzip' | 'bgzf' | 'zlib'>
/** What a step gives, now or later; a function is asked when all before it is out. */
type Pending = Uint8Array | Promise<Uint8Array> | (() => Uint8Array)

/** What is encoded in one go. */
const WHOLE_BYTES = 1024 * 1024
const AHEAD_BYTES = 8 * WHOLE_BYTES
const AHEAD_STEPS = 256

/**
 * What the steps give, up to the next that begins or ends something of a folder, or to the end. Short texts are encoded many at a time.
 * @throws AppError RECIPE_INVALID
 */
export function runSteps (deps: RunDeps): AsyncGenerator<Uint8Array> {
  const marks = new MarkBook()
  return run(deps, marks, false)
}

async function * run (deps: RunDeps, marks: MarkBook, inside: boolean): AsyncGenerator<Uint8Array> {
  const { steps, signal } = deps
  const ahead: Pending[] = []
  let aheadBytes = 0
  const settle = async (): Promise<Uint8Array> => {
    const pending = ahead.shift()!
    const bytes = typeof pending === 'function' ? pending() : pending instanceof Uint8Array ? pending : await pending
    if (!inside) marks.advance(bytes.length)
    return bytes
  }
  try {
    for (let step = await steps.peek(); step !== undefined; step = await steps.peek()) {
      signal.throwIfAborted()
      if (isOfFolder(step)) break
      steps.skip()
      if (step.kind === 'close') {
        if (!inside) throw invalidRecipe('nothing is open that could be closed')
        while (ahead.length > 0) yield await settle()
        return
      }
      const pending = await begin(deps, step, marks, inside)
      if (pending !== undefined) {
        ahead.push(pending)
        aheadBytes += 'sizeBytes' in step ? step.sizeBytes : 0
        if (ahead.length < AHEAD_STEPS && aheadBytes < AHEAD_BYTES) continue
      }
      while (ahead.length > (pending === undefined ? 0 : AHEAD_STEPS / 2) || (ahead.length > 0 && aheadBytes >= AHEAD_BYTES)) {
        yield await settle()
        if (ahead.length === 0) aheadBytes = 0
      }
      if (pending !== undefined) continue
      for await (const bytes of stream(deps, step, marks, inside)) {
        if (!inside) marks.advance(bytes.length)
        yield bytes
      }
    }
    if (inside) throw invalidRecipe('what was opened is never closed')
    while (ahead.length > 0) yield await settle()
  } finally {
    await Promise.allSettled(ahead.filter(pending => pending instanceof Promise))
  }
}

/** @returns undefined for what is too long to be held */
async function begin (deps: RunDeps, step: Step, marks: MarkBook, inside: boolean): Promise<Pending | undefined> {
  switch (step.kind) {
    case 'bytes': return step.bytes
    case 'copy': return step.sizeBytes > WHOLE_BYTES ? undefined : await deps.content.takeWhole(step.sizeBytes)
    case 'deflate': case 'gzip': case 'zlib': return step.sizeBytes > WHOLE_BYTES || step.segments > 0 ? undefined : await encodeWhole(deps, step)
    case 'bgzf': return await encodeWhole(deps, step)
    case 'open': return undefined
    case 'mark': case 'place': case 'span':
      if (inside) throw invalidRecipe(`a step '${step.kind}' stands in what was opened`)
      return () => step.kind === 'mark' ? marks.mark() : step.kind === 'place' ? marks.place(step) : marks.span(step)
    default: throw invalidRecipe(`a step '${step.kind}' stands where it cannot`)
  }
}

async function encodeWhole (deps: RunDeps, step: DeflateStep): Promise<Pending> {
  const parameters = encoderOf(deps, step.encoder)
  const head = headOf(deps, step)
  const text = await deps.content.takeWhole(step.sizeBytes)
  const encoded = deps.engine.encodeWhole(parameters, text).then(stream => {
    const sum = new TextSum(step.kind)
    sum.update(text)
    const member = concatBytes(head, stream, sum.trailer())
    return step.kind === 'bgzf' ? withMemberSize(member) : member
  })
  encoded.catch(() => {}) // seen when it is waited for
  return encoded // eslint-disable-line @typescript-eslint/return-await
}

async function * stream (deps: RunDeps, step: Step, marks: MarkBook, inside: boolean): AsyncGenerator<Uint8Array> {
  const { engine, signal, content, corrections } = deps
  if (step.kind === 'copy') yield * content.take(step.sizeBytes)
  if (step.kind === 'open') {
    if (inside) throw invalidRecipe('something is opened in what was opened')
    yield * engine.encode(encoderOf(deps, step.encoder), run(deps, marks, true), { signal })
  }
  if (step.kind !== 'deflate' && step.kind !== 'gzip' && step.kind !== 'zlib') return
  const { sizeBytes } = step
  const parameters = encoderOf(deps, step.encoder, step.segments)
  const head = headOf(deps, step)
  if (head.length > 0) yield head
  const sum = new TextSum(step.kind)
  async function * summed (): AsyncGenerator<Uint8Array> {
    for await (const text of content.take(sizeBytes)) {
      sum.update(text)
      yield text
    }
  }
  if (step.segments === 0) yield * engine.encode(parameters, summed(), { signal })
  else {
    if (corrections === undefined) throw invalidRecipe('it needs corrections and has none')
    yield * engine.encode(parameters, summed(), { signal, corrections: corrections.take(step.segments) })
    await corrections.skipRest()
  }
  if (step.kind !== 'deflate') yield sum.trailer()
}

function encoderOf ({ head }: RunDeps, index: number, segments = 0): RecipeHead['encoders'][number] {
  const encoder = head.encoders[index]
  if (encoder === undefined) throw invalidRecipe(`there is no encoder ${index}`)
  if (segments === 0 && needsCorrections(encoder)) throw invalidRecipe(`encoder ${index} gives nothing without corrections`)
  return encoder
}

function headOf ({ head }: RunDeps, step: DeflateStep): Uint8Array {
  if (step.kind === 'deflate') return new Uint8Array(0)
  const bytes = head.heads[step.head]
  if (bytes === undefined) throw invalidRecipe(`there is no head ${step.head}`)
  if (step.kind === 'bgzf' && bytes.length < 18) throw invalidRecipe(`head ${step.head} has no room for a size`)
  return bytes
}

function isOfFolder ({ kind }: Step): boolean {
  return kind === 'folder' || kind === 'file' || kind === 'symlink' || kind === 'sum'
}
