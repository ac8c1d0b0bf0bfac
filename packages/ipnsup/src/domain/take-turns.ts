/** The items again, the first of each group before the second of any. Within a turn, and within a group, the order stays. */
export function takeTurns<T> (items: readonly T[], groupOf: (item: T) => string): T[] {
  const taken = new Map<string, number>()
  const turns = items.map(item => {
    const turn = taken.get(groupOf(item)) ?? 0
    taken.set(groupOf(item), turn + 1)
    return { item, turn }
  })
  return turns.sort((a, b) => a.turn - b.turn).map(({ item }) => item)
}
