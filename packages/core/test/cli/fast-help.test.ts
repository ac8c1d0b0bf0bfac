import { expect, test } from '@jest/globals'
import { fastAnswer } from '@ipkit/core/cli/fast-help'
import { helpFile } from '@ipkit/core/cli/help-pages'
import { parseArgs } from '@ipkit/core/cli/parse-args'
import { demoTool } from './demo-tool.ts'

const file = helpFile(demoTool)
const PLAIN = [['--help'], ['-h'], ['help'], ['--version'], ['pack', '--help'], ['help', 'pack'], ['--help', 'pack'], ['box', '--help'], ['box', 'add', '-h'], ['help', 'box', 'ls']]

test.each(PLAIN.map(argv => [argv.join(' '), argv] as const))('%s: the generated text is what yargs prints', async (_line, argv) => {
  const fast = fastAnswer(argv, await file)
  expect(fast).toEqual(expect.any(String))
  expect(await parseArgs(demoTool, argv)).toMatchObject({ kind: 'answer', text: fast })
})

test.each([['pack'], ['--json', '--help'], ['--help', 'pakc'], ['pack', 'f', '--', '--help'], ['--version', 'pack'], ['--home', 'x', '--help'], ['__proto__', '--help'], ['']].map(argv => [argv.join(' '), argv] as const))('%j is left to the parser', async (_line, argv) => {
  expect(fastAnswer(argv, await file)).toBeUndefined()
})

test('every page fits in 80 columns', async () => {
  const { pages } = await file
  expect(Object.values(pages).flatMap(page => page.split('\n')).filter(line => line.length > 80)).toEqual([])
})
