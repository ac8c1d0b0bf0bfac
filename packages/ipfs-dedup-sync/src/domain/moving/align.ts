import type { TreeLink } from '../tree/tree-node.ts'

/** How a row of blocks follows from an older one: docs/protocols/dedup-sync.md, "Rows". */
export type Step =
  /** The next `count` of the new row are those of the old one from where it stands. */
  | { readonly kind: 'copy', readonly count: number }
  /** Where the old row stands is moved. */
  | { readonly kind: 'move', readonly by: number }
  /** The next `count` of the new row are not in the old one; `base` of the old one, from where it stands, are what they replace, and it moves behind those. */
  | { readonly kind: 'fresh', readonly count: number, readonly base: number }

/**
 * Copies as much as keeps its order, and single blocks from elsewhere.
 * @param maxBase of blocks that one run of fresh ones is said to replace, for each of them and eight more
 */
export function alignRows (fresh: readonly TreeLink[], old: readonly TreeLink[], maxBase = 4): Step[] {
  const places = placesIn(fresh, old)
  const inOrder = longestRising(places)
  const steps: Step[] = []
  let at = 0
  let stands = 0
  const moveTo = (place: number): void => {
    if (place !== stands) steps.push({ kind: 'move', by: place - stands })
    stands = place
  }
  const copyRun = (same: (i: number) => boolean): void => {
    moveTo(places[at]!)
    let count = 1
    while (at + count < fresh.length && places[at + count] === stands + count && same(at + count)) count++
    steps.push({ kind: 'copy', count })
    at += count
    stands += count
  }
  while (at < fresh.length) {
    if (inOrder.has(at)) { copyRun(i => inOrder.has(i)); continue }
    if (places[at]! >= 0) {
      const back = stands
      copyRun(i => !inOrder.has(i))
      moveTo(back)
      continue
    }
    let count = 1
    while (at + count < fresh.length && places[at + count]! < 0) count++
    let next = at + count
    while (next < fresh.length && !inOrder.has(next)) next++
    const gap = (next < fresh.length ? places[next]! : old.length) - stands
    const base = Math.max(0, Math.min(gap, maxBase * count + 8))
    steps.push({ kind: 'fresh', count, base })
    at += count
    stands += base
  }
  return steps
}

/** Where each block of the new row stands in the old one; −1: nowhere. Of several places, the one behind that of its neighbour. */
function placesIn (fresh: readonly TreeLink[], old: readonly TreeLink[]): Int32Array {
  const first = new Map<string, number>()
  const again = new Int32Array(old.length).fill(-1)
  for (let i = old.length - 1; i >= 0; i--) {
    const key = old[i]!.cid.toString()
    again[i] = first.get(key) ?? -1
    first.set(key, i)
  }
  const places = new Int32Array(fresh.length)
  let expected = 0
  fresh.forEach(({ cid }, i) => {
    const key = cid.toString()
    let place = first.get(key) ?? -1
    if (expected < old.length && place >= 0 && old[expected]!.cid.toString() === key) place = expected
    else while (place >= 0 && place < expected && again[place]! >= 0) place = again[place]!
    places[i] = place
    if (place >= 0) expected = place + 1
  })
  return places
}

/** Which positions make the longest row of places that rise; those without a place never do. */
function longestRising (places: Int32Array): Set<number> {
  const ends: number[] = [] // for each length, the position where the lowest such row ends
  const before = new Int32Array(places.length).fill(-1)
  places.forEach((place, i) => {
    if (place < 0) return
    let low = 0
    for (let high = ends.length; low < high;) {
      const middle = (low + high) >> 1
      if (places[ends[middle]!]! < place) low = middle + 1
      else high = middle
    }
    if (low > 0) before[i] = ends[low - 1]!
    ends[low] = i
  })
  const chosen = new Set<number>()
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i]!) chosen.add(i)
  return chosen
}
