// The loop over every byte of docs/formats/chunking.md, "Hash". Which candidates become cuts is decided in TypeScript. Nothing is allocated: the memory is laid out
// here, and who calls writes into it.

const TABLE: usize = 1024
/** Bytes to be searched; positions below count from here. */
const ROOM: usize = 4096
const ROOM_BYTES: usize = (1 << 20) + 64
/** What `findAll` writes: one u32 a candidate. */
const FOUND: usize = ROOM + ROOM_BYTES
const WINDOW: i32 = 64

memory.grow(<i32>((FOUND + (ROOM_BYTES << 2) + 0xffff) >> 16) - memory.size())

/** Where the 256 numbers of the gear table stand, little-endian. */
export function tableAt (): usize { return TABLE }
export function roomAt (): usize { return ROOM }
export function roomBytes (): usize { return ROOM_BYTES }
export function foundAt (): usize { return FOUND }

function gear (at: usize): u64 { return load<u64>(TABLE + (<usize>load<u8>(at) << 3)) }

/** H of the 64 bytes before a position. */
function hashBefore (position: i32): u64 {
  let hash: u64 = 0
  const end = ROOM + <usize>position
  for (let at = end - WINDOW; at < end; at++) hash = (hash << 1) + gear(at)
  return hash
}

/** @returns the first position from `from` to `to`, both included, where the highest bits of H are zero; -1 for none. `from` is at least 64. */
export function find (from: i32, to: i32, bits: i32): i32 {
  if (from > to) return -1
  const limit: u64 = <u64>1 << <u64>(64 - bits)
  let hash = hashBefore(from)
  if (hash < limit) return from
  const end = ROOM + <usize>to
  for (let at = ROOM + <usize>from; at < end; at++) {
    hash = (hash << 1) + gear(at)
    if (hash < limit) return <i32>(at - ROOM) + 1
  }
  return -1
}

/**
 * Every weak candidate from `from` to `to`, both included, in order; bit 31 is set for a strong one.
 * @returns how many
 */
export function findAll (from: i32, to: i32, weakBits: i32, strongBits: i32): i32 {
  if (from > to) return 0
  const weak: u64 = <u64>1 << <u64>(64 - weakBits)
  const strong: u64 = <u64>1 << <u64>(64 - strongBits)
  let hash = hashBefore(from)
  let count: i32 = 0
  const end = ROOM + <usize>to
  let at = ROOM + <usize>from
  while (true) {
    if (hash < weak) {
      const mark: u32 = hash < strong ? 0x80000000 : 0
      store<u32>(FOUND + (<usize>count << 2), <u32>(at - ROOM) | mark)
      count++
    }
    if (at === end) break
    hash = (hash << 1) + gear(at)
    at++
  }
  return count
}
