import { WINDOW } from '../domain/chunking/fastcdc-limits.ts'
import { ROOM_BYTES } from '../domain/chunking/gear-scanner.ts'

/** Of a stream, scanned and hashed as one. Much longer than a chunk, so a chunk lies in two of them at most. */
export const PIECE_BYTES = ROOM_BYTES - WINDOW
/** A slot holds the 64 bytes before the piece, which its first candidates are over, and the piece. */
export const SLOT_BYTES = ROOM_BYTES
export const LEAD_BYTES = WINDOW

/** Memory that all threads see. Who may write where and when is said by messages alone. */
export function slotsIn (shared: SharedArrayBuffer): Uint8Array[] {
  return Array.from({ length: shared.byteLength / SLOT_BYTES }, (_, i) => new Uint8Array(shared, i * SLOT_BYTES, SLOT_BYTES))
}

/** A chunk in slots: its first part, and what of it is in the next slot (0 bytes: nothing). */
export interface PlacedChunk {
  readonly slot: number
  /** Within the slot. */
  readonly start: number
  readonly length: number
  readonly nextSlot: number
  readonly nextLength: number
}

export type ChunkJob =
  | { readonly kind: 'scan', readonly slot: number, readonly length: number }
  | { readonly kind: 'hash', readonly chunks: readonly PlacedChunk[] }

/** Candidates as of `GearScanner.findAll`, counted from the slot's beginning; digests, 32 bytes each, in order. */
export type ChunkAnswer = Uint32Array | Uint8Array

export interface ChunkWorkerData {
  readonly shared: SharedArrayBuffer
  readonly table: BigUint64Array
  readonly wasmFile: string
}

export function partsOf (slots: readonly Uint8Array[], { slot, start, length, nextSlot, nextLength }: PlacedChunk): [first: Uint8Array, second: Uint8Array] {
  const first = slots[slot]!.subarray(start, start + length)
  return [first, nextLength === 0 ? first.subarray(0, 0) : slots[nextSlot]!.subarray(LEAD_BYTES, LEAD_BYTES + nextLength)]
}
