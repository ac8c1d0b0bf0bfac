import { describe, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { encoderParameters, type Level, type Producer } from '../../../src/domain/deflate/encoder-parameters.ts'
import { encodeWhole } from './encode-whole.ts'
import { encodeInParts } from './in-parts.ts'
import { gzipProgram, nodeZlib, pythonZlib, type Encode } from './reference-encoders.ts'
import { sparseEnd, withoutRepeats, type NamedText } from './texts.ts'

const noise = withoutRepeats(66_000)
const sweep = (from: number, to: number, step: number, make: (size: number) => Buffer): NamedText[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step).map(size => ({ name: `${size} bytes`, text: make(size) }))

const CASES: ReadonlyArray<{ readonly what: string, readonly texts: readonly NamedText[], readonly levels: readonly Level[] }> = [
  { what: 'the last literal is the one that fills a block', texts: sweep(16_380, 16_390, 1, size => noise.subarray(0, size)), levels: [1, 6] },
  { what: 'the last literal fills a large block', texts: sweep(32_764, 32_774, 1, size => noise.subarray(0, size)), levels: [1, 6] },
  { what: 'the block that is stored slides out of the window', texts: sweep(65_268, 65_282, 2, size => noise.subarray(0, size)), levels: [1, 6] },
  { what: 'the block that is stored has slid out when it ends', texts: sweep(65_530, 65_540, 3, size => noise.subarray(0, size)), levels: [1, 6] },
  { what: 'the text ends where the window slides for the first time', texts: sweep(65_500, 65_540, 7, size => sparseEnd(size, size)), levels: [1, 6] },
  { what: 'the text ends where the window slides again', texts: sweep(98_270, 98_310, 7, size => sparseEnd(size, size)), levels: [6] },
]

const PROGRAMS: ReadonlyArray<{ readonly producer: Producer, readonly needs: readonly string[], readonly encode: Encode }> = [
  { producer: 'zlib', needs: ['python3'], encode: pythonZlib(8) },
  { producer: 'zlib-mem9', needs: ['python3'], encode: pythonZlib(9) },
  { producer: 'chromium', needs: [], encode: nodeZlib },
  { producer: 'gnu-gzip', needs: ['gzip'], encode: gzipProgram('gzip') },
]

describe.each(PROGRAMS)('$producer', ({ producer, needs, encode }) => {
  for (const { what, texts, levels } of CASES) {
    for (const level of levels) {
      if (levels.length > 1 && (levels.indexOf(level) + PROGRAMS.findIndex(program => program.producer === producer)) % 2 !== 0) continue // the others take it
      testWithProgram(...needs)(`${what}, -${level}`, () => {
        const parameters = encoderParameters(producer, level)
        const expected = encode(level, texts)
        expect(texts.filter(({ text }, i) => !encodeWhole(parameters, text).equals(expected[i]!)).map(({ name }) => name)).toEqual([])
        expect(texts.filter(({ text }, i) => !encodeInParts(parameters, text, []).stream.equals(expected[i]!)).map(({ name }) => name)).toEqual([])
      })
    }
  }
})
