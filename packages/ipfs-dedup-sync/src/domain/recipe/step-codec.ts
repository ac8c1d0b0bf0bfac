/** Steps as DAG-CBOR lists of numbers and byte strings, and back: no more of CBOR is needed, and recipes may have ten million of them. */
import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { BYTES, encodeCborHead, LIST, NEGATIVE, readCborHead, UNSIGNED, type CborHead } from './cbor-head.ts'
import { invalidRecipe } from './recipe-error.ts'
import { MAX_STEP_BYTES } from './recipe-limits.ts'
import { STEP_LAYOUT, type StepField } from './step-layout.ts'
import type { Step, StepKind } from './step.ts'

const KINDS = new Map(Object.entries(STEP_LAYOUT).map(([kind, { number, fields }]) => [number, { kind: kind as StepKind, fields }]))

/** Strings and numbers alike. */
type Fields = Record<string, number | Uint8Array>

export function encodeStep (step: Step): Uint8Array {
  const { number, fields } = STEP_LAYOUT[step.kind]
  const parts: Uint8Array[] = [encodeCborHead(LIST, fields.length + 1), encodeCborHead(UNSIGNED, number)]
  for (const { name } of fields) {
    const value = (step as unknown as Fields)[name]!
    if (typeof value !== 'number') parts.push(encodeCborHead(BYTES, value.length), value)
    else parts.push(value < 0 ? encodeCborHead(NEGATIVE, -1 - value) : encodeCborHead(UNSIGNED, value))
  }
  return concatBytes(...parts)
}

/**
 * @param bytes whole steps, the last one perhaps not
 * @returns the step that begins at `at`, and where it ends; undefined when it is not whole
 * @throws AppError RECIPE_INVALID
 */
export function decodeStep (bytes: Uint8Array, at: number): { readonly step: Step, readonly end: number } | undefined {
  const read = readStep(bytes, at)
  if (read === undefined && bytes.length - at > MAX_STEP_BYTES) throw invalidRecipe(`a step has over ${MAX_STEP_BYTES} bytes`)
  return read
}

function readStep (bytes: Uint8Array, at: number): { readonly step: Step, readonly end: number } | undefined {
  const list = readCborHead(bytes, at)
  if (list === undefined) return undefined
  if (list.major !== LIST || list.value === 0) throw invalidRecipe('a step is no list')
  const number = readCborHead(bytes, list.end)
  if (number === undefined) return undefined
  const layout = number.major === UNSIGNED ? KINDS.get(number.value) : undefined
  if (layout === undefined) throw invalidRecipe(`there is no step of the kind ${number.value}`)
  const { kind, fields } = layout
  if (list.value !== fields.length + 1) throw invalidRecipe(`a step '${kind}' has ${list.value - 1} fields, and not ${fields.length}`)
  const step: Fields = {}
  let end = number.end
  for (const field of fields) {
    const head = readCborHead(bytes, end)
    if (head === undefined) return undefined
    end = head.end
    const value = readField(kind, field, head)
    if (field.of === 'number') {
      step[field.name] = value
      continue
    }
    end += value
    if (end > bytes.length) return undefined
    step[field.name] = bytes.slice(end - value, end)
  }
  return { step: { kind, ...step } as unknown as Step, end }
}

/** @returns a number, or how many bytes follow */
function readField (kind: StepKind, { name, of, min, max }: StepField, { major, value }: CborHead): number {
  if (of === 'bytes' ? major !== BYTES : major !== UNSIGNED && major !== NEGATIVE) throw invalidRecipe(`'${name}' of a step '${kind}' is no ${of === 'bytes' ? 'byte string' : 'number'}`)
  const signed = major === NEGATIVE ? -1 - value : value
  if (signed < min || signed > max) throw invalidRecipe(`'${name}' of a step '${kind}' is ${signed}; it is from ${min} to ${max}`)
  return signed
}
