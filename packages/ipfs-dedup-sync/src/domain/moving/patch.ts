import { badMessage, type CompactReader, type CompactWriter } from './compact-bytes.ts'

/** Shorter matches cost as much as they save. */
const MIN_MATCH = 12
const TABLE_BITS = 17
/** Once, since looking it up costs more than it does where a sandbox stands between. */
const { imul } = Math

/**
 * Tells `target` by what it shares with `base`: docs/protocols/dedup-sync.md, "Patch". Nothing shared: about as long as the target.
 * @param base at most 2^31 bytes; empty: everything is told
 */
export function writePatch (out: CompactWriter, base: Uint8Array, target: Uint8Array): void {
  const shortest = Math.min(base.length, target.length)
  let prefix = 0
  while (prefix < shortest && base[prefix] === target[prefix]) prefix++
  let suffix = 0
  while (suffix < shortest - prefix && base[base.length - 1 - suffix] === target[target.length - 1 - suffix]) suffix++
  if (prefix < MIN_MATCH) prefix = 0
  if (suffix < MIN_MATCH) suffix = 0
  const ops = new OpWriter(out, target)
  if (prefix > 0) ops.copy(0, 0, prefix)
  copyMiddle(ops, base, target, prefix, target.length - suffix)
  if (suffix > 0) ops.copy(target.length - suffix, base.length - suffix, suffix)
  ops.end()
}

class OpWriter {
  readonly #out: CompactWriter
  readonly #target: Uint8Array
  /** Told up to here. */
  #done = 0
  /** Where the last copy ended in the base. */
  #from = 0

  constructor (out: CompactWriter, target: Uint8Array) { this.#out = out; this.#target = target }

  get from (): number { return this.#from }
  get done (): number { return this.#done }

  copy (at: number, from: number, length: number): void {
    this.#literal(at)
    this.#out.number(length)
    this.#out.signed(from - this.#from)
    this.#done = at + length
    this.#from = from + length
  }

  end (): void { if (this.#done < this.#target.length) this.#literal(this.#target.length) }

  #literal (end: number): void {
    this.#out.number(end - this.#done)
    this.#out.bytes(this.#target.subarray(this.#done, end))
  }
}

/** Copies for the target's bytes from `start` to `end`. Whatever it misses is told. */
function copyMiddle (ops: OpWriter, base: Uint8Array, target: Uint8Array, start: number, end: number): void {
  if (end - start < MIN_MATCH || base.length < MIN_MATCH) return
  const places = new Int32Array(1 << TABLE_BITS) // of the base, each plus 1
  for (let at = base.length - 8; at >= 0; at--) places[hash(base, at)] = at + 1
  const last = end - 8
  for (let at = start; at <= last;) {
    // First where an exchange of as many bytes would go on, then anywhere.
    const inLine = ops.from + at - ops.done
    let from = inLine
    let length = matchLength(base, inLine, target, at, end)
    if (length < MIN_MATCH) {
      from = places[hash(target, at)]! - 1
      length = from < 0 ? 0 : matchLength(base, from, target, at, end)
    }
    if (length < MIN_MATCH) { at++; continue }
    let back = 0
    while (at - back > ops.done && from - back > 0 && base[from - back - 1] === target[at - back - 1]) back++
    ops.copy(at - back, from - back, length + back)
    at += length
  }
}

function hash (bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24
  const high = bytes[at + 4]! | bytes[at + 5]! << 8 | bytes[at + 6]! << 16 | bytes[at + 7]! << 24
  return (imul(low, 0x9e3779b1) ^ imul(high, 0x85ebca6b)) >>> 32 - TABLE_BITS
}

function matchLength (base: Uint8Array, from: number, target: Uint8Array, at: number, end: number): number {
  const most = Math.min(base.length - from, end - at)
  let length = 0
  while (length < most && base[from + length] === target[at + length]) length++
  return length
}

/** @param targetBytes within what the caller allows @throws AppError BAD_MESSAGE */
export function readPatch (reader: CompactReader, base: Uint8Array, targetBytes: number): Uint8Array {
  const target = new Uint8Array(targetBytes)
  let done = 0
  let from = 0
  while (done < targetBytes) {
    const told = reader.number(targetBytes - done, 'a literal')
    target.set(reader.bytes(told, 'a literal'), done)
    done += told
    if (done === targetBytes) break
    const length = reader.number(targetBytes - done, 'a copy')
    if (length === 0) throw badMessage('a copy of nothing')
    from += reader.signed(base.length, 'the place of a copy')
    if (from < 0 || from + length > base.length) throw badMessage('a copy from outside of its base')
    target.set(base.subarray(from, from + length), done)
    done += length
    from += length
  }
  return target
}
