import { STRONG_BITS, WEAK_BITS } from './fastcdc-limits.ts'
import { ROOM_BYTES, type GearScanner } from './gear-scanner.ts'

/** What `assembly/chunker` exports. Its memory never grows once it runs, so views of it stay valid. */
export interface ChunkerExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  tableAt(): number
  roomAt(): number
  roomBytes(): number
  foundAt(): number
  find(from: number, to: number, bits: number): number
  findAll(from: number, to: number, weakBits: number, strongBits: number): number
}

/**
 * @param table as of `gearTable`
 * @param chunker an instance of its own for each scanner: the room is in its memory
 */
export function wasmGearScanner (table: BigUint64Array, chunker: ChunkerExports): GearScanner {
  const { buffer } = chunker.memory
  if (chunker.roomBytes() !== ROOM_BYTES) throw new RangeError(`the chunker has room for ${chunker.roomBytes()} bytes, and not ${ROOM_BYTES}`)
  const numbers = new DataView(buffer, chunker.tableAt(), 256 * 8)
  table.forEach((n, b) => { numbers.setBigUint64(8 * b, n, true) })
  return {
    room: new Uint8Array(buffer, chunker.roomAt(), ROOM_BYTES),
    find: (from, to, bits) => chunker.find(from, to, bits),
    findAll: (from, to) => new Uint32Array(buffer, chunker.foundAt(), chunker.findAll(from, to, WEAK_BITS, STRONG_BITS)),
  }
}
