/** The candidate that `word` is the beginning of, else the nearest by edits and swaps of neighbours, or undefined when none is near enough to be a slip of the fingers. */
export function nearest (word: string, candidates: readonly string[]): string | undefined {
  const begun = word.length < 2 ? [] : candidates.filter(candidate => candidate.toLowerCase().startsWith(word.toLowerCase()))
  if (begun.length > 0) return begun.sort((a, b) => a.length - b.length)[0]
  let best: string | undefined
  let bestCost = Math.min(Math.max(2, Math.ceil(word.length / 3)), 4) + 1
  for (const candidate of candidates) {
    const cost = editCost(word.toLowerCase().slice(0, 64), candidate.toLowerCase())
    if (cost < bestCost && cost < candidate.length) { best = candidate; bestCost = cost }
  }
  return best
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function editCost (a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length]!
}
