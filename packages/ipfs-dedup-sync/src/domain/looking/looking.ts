import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import { encodeSegment } from '../recipe/segment-taker.ts'
import type { ByteCursor } from './byte-cursor.ts'
import type { ContentWriter } from './content-writer.ts'
import type { IngestDeps } from './ingest.ts'
import type { LayerBook } from './layer-book.ts'
import type { LeafWriter } from './leaf-writer.ts'
import { MAX_GAP_BYTES } from './looking-limits.ts'
import { OrderedJobs } from './ordered-jobs.ts'
import type { RecipeWriter } from './recipe-writer.ts'

/** What the readers of formats write to. Steps, content and corrections each come in the order of the original. */
export class Looking {
  readonly deps: Pick<IngestDeps, 'engine' | 'inflate' | 'signal'>
  readonly content: ContentWriter
  readonly recipe: RecipeWriter
  readonly corrections: LeafWriter
  readonly layers: LayerBook
  readonly jobs = new OrderedJobs()
  /** The last that fitted: the likeliest for the next stream. */
  lastEncoder: EncoderParameters | undefined

  constructor ({ deps, content, recipe, corrections, layers }: Pick<Looking, 'deps' | 'content' | 'recipe' | 'corrections' | 'layers'>) {
    this.deps = deps
    this.content = content
    this.recipe = recipe
    this.corrections = corrections
    this.layers = layers
  }

  /** Bytes that stand in the recipe. */
  async literal (bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.jobs.inTurn(async () => { await this.recipe.bytes(bytes) })
  }

  /** Bytes that are held, as content. Cuts are forced around them. */
  async keep (bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return
    await this.content.cut()
    await this.content.write(bytes)
    await this.content.cut()
    await this.recipe.step({ kind: 'copy', sizeBytes: bytes.length })
  }

  /**
   * The next bytes of the cursor, as content, or in the recipe when they are few.
   * @param sizeBytes undefined: all @returns how many there were
   */
  async pass (cursor: ByteCursor, sizeBytes = Infinity, write?: (bytes: Uint8Array) => Promise<void>): Promise<number> {
    const few = await cursor.peek(Math.min(sizeBytes, MAX_GAP_BYTES + 1))
    if (few.length <= MAX_GAP_BYTES && write === undefined) {
      await this.literal(await cursor.take(few.length))
      return few.length
    }
    await this.jobs.drain()
    await this.content.cut()
    let passed = 0
    for (let piece = await cursor.next(sizeBytes); piece !== undefined; piece = passed < sizeBytes ? await cursor.next(sizeBytes - passed) : undefined) {
      this.deps.signal.throwIfAborted()
      passed += piece.length
      await (write === undefined ? this.content.write(piece) : write(piece))
    }
    await this.content.cut()
    if (passed > 0) await this.recipe.step({ kind: 'copy', sizeBytes: passed })
    return passed
  }

  async correct (segments: readonly Uint8Array[]): Promise<void> {
    for (const segment of segments) await this.corrections.write(encodeSegment(segment))
  }
}
