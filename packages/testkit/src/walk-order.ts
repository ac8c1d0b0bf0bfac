import { createHash } from 'node:crypto'

/**
 * Every place along some lines once, shuffled: 'up:0', 'down:17', … The first few are spread over all of them. Places keep their order
 * among themselves when a line becomes longer or shorter, so a seed tells the same however the lines were measured.
 * @param lengths of the lines, in places
 */
export function walkOrder (seed: number, lengths: Readonly<Record<string, number>>): string[] {
  return Object.entries(lengths)
    .flatMap(([line, length]) => Array.from({ length }, (_, at) => `${line}:${at}`))
    .map(place => ({ place, key: createHash('sha256').update(`${seed} ${place}`).digest('hex') }))
    .sort((a, b) => a.key < b.key ? -1 : 1)
    .map(({ place }) => place)
}

/** @throws Error for a text that is no place on one of these lines */
export function readPlace<L extends string> (place: string, lines: readonly L[]): { readonly line: L, readonly at: number } {
  const [, name, at] = /^([a-z]+):(\d{1,15})$/.exec(place) ?? []
  const line = lines.find(l => l === name)
  if (line === undefined) throw new Error(`${JSON.stringify(place)} is no place such as ${lines.map(l => `${l}:0`).join(' or ')}`)
  return { line, at: Number(at) }
}
