/**
 * A list of files and their SHA-256, as `sha256sum` writes it and `sha256sum -c` reads it: 64 hex digits, two blanks, the path. A path with a
 * backslash or a line end has them escaped, and then the line begins with a backslash (coreutils, "cksum output modes").
 */
export function formatSums (sums: ReadonlyMap<string, string>): string {
  return [...sums].toSorted(([a], [b]) => a < b ? -1 : 1).map(([path, hash]) => {
    const escaped = path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
    return `${escaped === path ? '' : '\\'}${hash}  ${escaped}\n`
  }).join('')
}

/** @returns SHA-256 by path; undefined: not a list that `formatSums` made */
export function parseSums (text: string): Map<string, string> | undefined {
  const sums = new Map<string, string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [, escaped, hash, path] = /^(\\?)([0-9a-f]{64}) {2}(.+)$/s.exec(line) ?? []
    if (hash === undefined || path === undefined) return undefined
    sums.set(escaped === '' ? path : path.replaceAll(/\\([\\n])/g, (_, char: string) => char === 'n' ? '\n' : '\\'), hash)
  }
  return formatSums(sums) === text ? sums : undefined
}
