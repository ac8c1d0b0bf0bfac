/**
 * Huffman codes of limited length. Among many codes that are equally short, which one an encoder makes depends on the order of its heap, on
 * how it breaks ties (the shallower tree first) and on how it shortens codes that are too long: all of that is here, step by step.
 */
const MAX_LEAVES: u32 = 286
const MAX_NODES: u32 = 2 * MAX_LEAVES + 1

/** One tree at a time is built; its nodes are its symbols, and above them the inner ones. */
const WEIGHT: usize = memory.data(573 * 4, 16)
const PARENT: usize = memory.data(573 * 2, 16)
const DEPTH: usize = memory.data(573, 16)
const LENGTH: usize = memory.data(573, 16)
const HEAP: usize = memory.data(574 * 2, 16)
/** Nodes by falling weight, the root first. */
const ORDER: usize = memory.data(574 * 2, 16)
const COUNT_OF_LENGTH: usize = memory.data(16 * 4, 16)

let heapSize: u32 = 0

/**
 * @param weights 32 bits for each symbol
 * @param lengths a byte for each symbol: 0 for one that has no code
 * @param codes 16 bits for each symbol, written for a symbol with a code: its bits in the order in which they go out
 * @returns the highest symbol that has a code
 */
export function buildTree (weights: usize, symbols: u32, maxLength: u32, lengths: usize, codes: usize): u32 {
  const highest = startHeap(weights, symbols)
  const ordered = joinNodes(symbols)
  assignLengths(symbols, ordered, maxLength)
  memory.copy(lengths, LENGTH, symbols)
  assignCodes(lengths, highest, codes)
  return highest
}

function startHeap (weights: usize, symbols: u32): u32 {
  let highest: i32 = -1
  heapSize = 0
  memory.copy(WEIGHT, weights, symbols << 2)
  memory.fill(LENGTH, 0, MAX_NODES)
  memory.fill(DEPTH, 0, MAX_NODES)
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    if (load<u32>(WEIGHT + (symbol << 2)) === 0) continue
    store<u16>(HEAP + (++heapSize << 1), symbol as u16)
    highest = symbol
  }
  // a code needs two symbols; where there are none, they are 0 and 1
  while (heapSize < 2) {
    const added: u32 = highest < 2 ? (++highest as u32) : 0
    store<u16>(HEAP + (++heapSize << 1), added as u16)
    store<u32>(WEIGHT + (added << 2), 1)
  }
  for (let i = heapSize >> 1; i >= 1; i--) siftDown(i)
  return highest as u32
}

function precedes (one: u32, other: u32): bool {
  const a = load<u32>(WEIGHT + (one << 2))
  const b = load<u32>(WEIGHT + (other << 2))
  return a < b || (a === b && load<u8>(DEPTH + one) <= load<u8>(DEPTH + other))
}

function siftDown (from: u32): void {
  let place = from
  const moved: u32 = load<u16>(HEAP + (place << 1))
  let below = place << 1
  while (below <= heapSize) {
    if (below < heapSize && precedes(load<u16>(HEAP + ((below + 1) << 1)), load<u16>(HEAP + (below << 1)))) below++
    const lesser: u32 = load<u16>(HEAP + (below << 1))
    if (precedes(moved, lesser)) break
    store<u16>(HEAP + (place << 1), lesser as u16)
    place = below
    below <<= 1
  }
  store<u16>(HEAP + (place << 1), moved as u16)
}

/** Joins the two least nodes until one is left. @returns how many nodes stand at the end of ORDER */
function joinNodes (symbols: u32): u32 {
  let next = symbols
  let place = MAX_NODES
  do {
    const least: u32 = load<u16>(HEAP + 2)
    store<u16>(HEAP + 2, load<u16>(HEAP + (heapSize-- << 1)))
    siftDown(1)
    const second: u32 = load<u16>(HEAP + 2)
    store<u16>(ORDER + (--place << 1), least as u16)
    store<u16>(ORDER + (--place << 1), second as u16)
    store<u32>(WEIGHT + (next << 2), load<u32>(WEIGHT + (least << 2)) + load<u32>(WEIGHT + (second << 2)))
    store<u8>(DEPTH + next, max(load<u8>(DEPTH + least), load<u8>(DEPTH + second)) + 1)
    store<u16>(PARENT + (least << 1), next as u16)
    store<u16>(PARENT + (second << 1), next as u16)
    store<u16>(HEAP + 2, next as u16)
    next++
    siftDown(1)
  } while (heapSize >= 2)
  store<u16>(ORDER + (--place << 1), load<u16>(HEAP + 2))
  return MAX_NODES - place
}

function assignLengths (symbols: u32, ordered: u32, maxLength: u32): void {
  memory.fill(COUNT_OF_LENGTH, 0, 16 * 4)
  const first = MAX_NODES - ordered
  store<u8>(LENGTH + load<u16>(ORDER + (first << 1)), 0)
  let tooLong: i32 = 0
  for (let i = first + 1; i < MAX_NODES; i++) {
    const node: u32 = load<u16>(ORDER + (i << 1))
    let length: u32 = load<u8>(LENGTH + load<u16>(PARENT + (node << 1))) + 1
    if (length > maxLength) {
      length = maxLength
      tooLong++
    }
    store<u8>(LENGTH + node, length as u8)
    if (node < symbols) addCount(length, 1)
  }
  if (tooLong === 0) return
  // a leaf further up goes down one, and one that was too long stands beside it; two are placed with each
  do {
    let length = maxLength - 1
    while (countOf(length) === 0) length--
    addCount(length, -1)
    addCount(length + 1, 2)
    addCount(maxLength, -1)
    tooLong -= 2
  } while (tooLong > 0)
  // the lengths are dealt again, the longest to the lightest
  let i: u32 = MAX_NODES
  for (let length = maxLength; length !== 0; length--) {
    let left = countOf(length)
    while (left !== 0) {
      const node: u32 = load<u16>(ORDER + (--i << 1))
      if (node >= symbols) continue
      store<u8>(LENGTH + node, length as u8)
      left--
    }
  }
}

function countOf (length: u32): i32 {
  return load<i32>(COUNT_OF_LENGTH + (length << 2))
}

function addCount (length: u32, by: i32): void {
  store<i32>(COUNT_OF_LENGTH + (length << 2), countOf(length) + by)
}

/** RFC 1951, section 3.2.2; the bits of each code are turned round, for they go out from the highest. */
export function assignCodes (lengths: usize, highest: u32, codes: usize): void {
  memory.fill(COUNT_OF_LENGTH, 0, 16 * 4)
  for (let symbol: u32 = 0; symbol <= highest; symbol++) addCount(load<u8>(lengths + symbol), 1)
  store<i32>(COUNT_OF_LENGTH, 0)
  let code: u32 = 0
  let before: u32 = 0
  for (let length: u32 = 1; length <= 15; length++) {
    code = (code + before) << 1
    before = countOf(length)
    store<i32>(COUNT_OF_LENGTH + (length << 2), code as i32) // from here on: the next code of this length
  }
  for (let symbol: u32 = 0; symbol <= highest; symbol++) {
    const length: u32 = load<u8>(lengths + symbol)
    if (length === 0) continue
    store<u16>(codes + (symbol << 1), turnRound(countOf(length) as u32, length) as u16)
    addCount(length, 1)
  }
}

function turnRound (code: u32, length: u32): u32 {
  let turned: u32 = 0
  for (let i: u32 = 0; i < length; i++) turned |= ((code >> i) & 1) << (length - 1 - i)
  return turned
}
