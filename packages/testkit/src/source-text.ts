import { seededRandom, type SeededRandom } from './seeded-random.ts'

const KEYWORDS = 'const let function return import export from if else for while await async new class this static readonly string number boolean undefined null true false throw try catch type interface'.split(' ')
const TYPES = ['string', 'number', 'boolean', 'Uint8Array', 'Promise<void>', 'unknown', 'Map<string, number>', 'readonly string[]']
const COMMENT_WORDS = 'the of to a in is that for it with as on be at by not this are from or an which when only all one each its so what as if then where after before without until both how many bytes value result name file stream'.split(' ')

/**
 * Text like a program's source, without long repeats: names are made up anew for each seed, and lines of a dozen shapes are filled with them. `gzip -6` takes it to about a fifth.
 * The same for the same seed, everywhere.
 * @returns exactly `sizeBytes` bytes of ASCII
 */
export function sourceText (sizeBytes: number, seed: number): Buffer {
  const random = seededRandom(seed)
  const names = Array.from({ length: 400 }, () => inventName(random))
  const text = Buffer.alloc(sizeBytes)
  let at = 0
  let depth = 0
  while (at < sizeBytes) {
    if (random.below(600) === 0) names[random.below(names.length)] = inventName(random) // a later part of the file is about something else
    const line = makeLine(random, names, depth)
    if (line.endsWith('{')) depth = Math.min(depth + 1, 6)
    else if (line.endsWith('}')) depth = Math.max(depth - 1, 0)
    at += text.write(`${'  '.repeat(depth)}${line}\n`, at, 'latin1')
  }
  return text
}

function inventName (random: SeededRandom): string {
  const syllables = 1 + random.below(3)
  const parts = Array.from({ length: syllables }, (_, i) => {
    const part = Array.from({ length: 2 + random.below(4) }, (_, j) => (j % 2 === 0 ? 'bcdfghklmnprstvw' : 'aeiou').charAt(random.below(j % 2 === 0 ? 16 : 5))).join('')
    return i === 0 ? part : part.charAt(0).toUpperCase() + part.slice(1)
  })
  return parts.join('')
}

function makeLine (random: SeededRandom, names: readonly string[], depth: number): string {
  /** Few names are used often, most seldom, as in any program. */
  const name = (): string => names[Math.floor(names.length * random.next() ** 5)]!
  const type = (): string => TYPES[Math.floor(TYPES.length * random.next() ** 2)]!
  switch (random.below(12)) {
    case 0: return `import { ${name()}, ${name()} } from './${name()}.ts'`
    case 1: return `export function ${name()} (${name()}: ${type()}, ${name()}: ${type()}): ${type()} {`
    case 2: return `const ${name()} = ${name()}(${name()}, ${random.below(1000)})`
    case 3: return `if (${name()}.${name()} === ${name()}) return ${name()}`
    case 4: return `// ${Array.from({ length: 4 + random.below(9) }, () => COMMENT_WORDS[Math.floor(COMMENT_WORDS.length * random.next() ** 1.5)]!).join(' ')}`
    case 5: return `for (const ${name()} of ${name()}.${name()}()) {`
    case 6: return `${name()}.${name()} = ${name()} + ${name()}[${random.below(64)}]!`
    case 7: return depth > 0 ? '}' : ''
    case 8: return depth > 0 ? '}' : `export const ${name().toUpperCase()} = ${random.below(100_000)}`
    case 9: return `await ${name()}.${name()}({ ${name()}: ${name()}, ${name()}: '${name()}' })`
    case 10: return `throw new Error(\`${name()} ${COMMENT_WORDS[random.below(20)]!} ${COMMENT_WORDS[random.below(20)]!} \${${name()}}\`)`
    default: return `${KEYWORDS[random.below(KEYWORDS.length)]!} ${name()} ${name()}`
  }
}
