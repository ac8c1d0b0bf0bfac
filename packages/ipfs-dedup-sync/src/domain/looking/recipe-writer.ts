import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import type { EncoderParameters } from '../deflate/encoder-parameters.ts'
import { BYTES, encodeCborHead } from '../recipe/cbor-head.ts'
import { canTell, encodeRecipeHead, type RecipeHead } from '../recipe/recipe-head.ts'
import { MAX_ENCODERS, MAX_HEAD_BYTES, MAX_HEADS, MAX_LITERAL_BYTES } from '../recipe/recipe-limits.ts'
import { encodeStep } from '../recipe/step-codec.ts'
import type { Step } from '../recipe/step.ts'
import type { BuiltTree, TreeBuilder } from '../tree/tree-builder.ts'
import type { LeafPlace, LeafWriter } from './leaf-writer.ts'

export interface RecipePlace { readonly leaves: LeafPlace, readonly last: Step | undefined, readonly again: number, readonly encoders: number, readonly heads: number, readonly steps: number }

const REPEATED = new Set<Step['kind']>(['deflate', 'gzip', 'bgzf', 'zlib'])

/** Writes a recipe step by step: docs/formats/recipe.md. Bytes and copies that follow each other become one step, equal steps a `repeat`. One call at a time. */
export class RecipeWriter {
  readonly #leaves: LeafWriter
  readonly #newLeaves: () => LeafWriter
  readonly #encoders: EncoderParameters[] = []
  readonly #heads: Uint8Array[] = []
  /** Not written yet: it may still grow, or come again. */
  #last: Step | undefined
  #again = 0
  #steps = 0

  /** @param newLeaves for the steps, and at the end for the head */
  constructor (newLeaves: () => LeafWriter) {
    this.#newLeaves = newLeaves
    this.#leaves = newLeaves()
  }

  /** Whether there is anything in it but the content as it is. */
  get isPlain (): boolean { return this.#steps === 0 && (this.#last === undefined || this.#last.kind === 'copy') }

  /** @returns undefined when there is no room for another one, or it is none that a reader takes */
  encoder (parameters: EncoderParameters): number | undefined {
    if (!canTell(parameters)) return undefined
    const key = JSON.stringify(parameters)
    return indexIn(this.#encoders, parameters, known => JSON.stringify(known) === key, MAX_ENCODERS)
  }

  /** @returns undefined when there is no room for another one, or it is too long */
  head (bytes: Uint8Array): number | undefined {
    if (bytes.length > MAX_HEAD_BYTES) return undefined
    return indexIn(this.#heads, bytes, known => known.length === bytes.length && known.every((byte, i) => byte === bytes[i]), MAX_HEADS)
  }

  async bytes (bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const before = this.#last?.kind === 'bytes' ? this.#last.bytes : undefined
      if (before === undefined || before.length === MAX_LITERAL_BYTES) await this.#flush()
      const waiting = this.#last?.kind === 'bytes' ? this.#last.bytes : new Uint8Array(0)
      const part = bytes.subarray(at, at + MAX_LITERAL_BYTES - waiting.length)
      this.#last = { kind: 'bytes', bytes: concatBytes(waiting, part) }
      at += part.length
    }
  }

  async step (step: Step): Promise<void> {
    const last = this.#last
    if (step.kind === 'copy' && last?.kind === 'copy') {
      this.#last = { kind: 'copy', sizeBytes: last.sizeBytes + step.sizeBytes }
      return
    }
    if (last !== undefined && REPEATED.has(step.kind) && isEqual(step, last)) {
      this.#again++
      return
    }
    await this.#flush()
    this.#last = step
  }

  mark (): RecipePlace {
    return { leaves: this.#leaves.mark(), last: this.#last, again: this.#again, encoders: this.#encoders.length, heads: this.#heads.length, steps: this.#steps }
  }

  goBack ({ leaves, last, again, encoders, heads, steps }: RecipePlace): void {
    this.#leaves.goBack(leaves)
    this.#last = last
    this.#again = again
    this.#encoders.length = encoders
    this.#heads.length = heads
    this.#steps = steps
  }

  async finish (facts: Omit<RecipeHead, 'encoders' | 'heads'>, tree: TreeBuilder): Promise<BuiltTree> {
    await this.#flush()
    const head = encodeRecipeHead({ ...facts, encoders: this.#encoders, heads: this.#heads })
    const first = this.#newLeaves()
    await first.write(concatBytes(encodeCborHead(BYTES, head.length), head))
    await first.addTo(tree)
    await this.#leaves.addTo(tree)
    return await tree.finish()
  }

  async #flush (): Promise<void> {
    if (this.#last !== undefined) await this.#write(this.#last)
    if (this.#again === 1) await this.#write(this.#last!)
    if (this.#again > 1) await this.#write({ kind: 'repeat', count: this.#again })
    this.#last = undefined
    this.#again = 0
  }

  async #write (step: Step): Promise<void> {
    this.#steps++
    await this.#leaves.write(encodeStep(step))
  }
}

function indexIn<T> (list: T[], item: T, same: (known: T) => boolean, max: number): number | undefined {
  const index = list.findIndex(same)
  if (index >= 0) return index
  return list.length === max ? undefined : list.push(item) - 1
}

function isEqual (a: Step, b: Step): boolean {
  const keys = Object.keys(a) as Array<keyof Step>
  return keys.length === Object.keys(b).length && keys.every(key => a[key] === b[key])
}
