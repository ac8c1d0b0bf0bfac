import { parseArgs as nodeSplits } from 'node:util'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { command, flag, text, texts, type CommandTable } from '@ipkit/core/cli/command-table'
import { document } from '@ipkit/core/cli/outcome'
import { parseArgs } from '@ipkit/core/cli/parse-args'
import { runCli } from '@ipkit/testkit/run-cli/run-cli'

const table: CommandTable = {
  name: 'demo',
  version: '1.2.3',
  describe: 'Takes anything.',
  commands: [command({
    name: 'take',
    describe: 'take it',
    positionals: { words: texts('words') },
    options: { fast: flag('a switch', { alias: 'f' }), output: text('a value', { alias: 'o' }), address: texts('values', { alias: 'a' }) },
    run: async (_io, args) => document(args, ''),
  })],
}

/** What the values are when node's own splitter is asked. Undefined where a value is missing or is given too often. */
function byNode (argv: readonly string[]): object | undefined {
  const end = argv.indexOf('--')
  const { tokens } = nodeSplits({
    args: end === -1 ? [...argv] : argv.slice(0, end),
    strict: false,
    tokens: true,
    options: { fast: { type: 'boolean', short: 'f' }, output: { type: 'string', short: 'o' }, address: { type: 'string', short: 'a' }, verbose: { type: 'boolean', short: 'v' } },
  })
  const given = (name: string): Array<string | undefined> => tokens.flatMap(t => t.kind === 'option' && t.name === name
    ? [t.inlineValue === true ? t.rawName.startsWith('--') ? t.value : t.value.replace(/^=/u, '') : t.value?.startsWith('-') === true && !/^-\d*$/u.test(t.value) ? '' : t.value]
    : [])
  if ([...given('output'), ...given('address')].some(value => value === undefined || value === '') || given('output').length > 1) return undefined
  const words = [...tokens.flatMap(t => t.kind === 'positional' ? [t.value] : []), ...end === -1 ? [] : argv.slice(end + 1)]
  return { words, fast: given('fast').length > 0, output: given('output')[0], address: given('address') }
}

const piece = fc.constantFrom('x', 'a b', '-', '--', '-f', '-fv', '-o', '-ox', '-o=x', '-fo', '-foy', '-a', '-a1', '--fast', '--output', '--output=z', '--output=', '--address', '--address=-q', '-7', '-v', '--verbose', '=')

test("words, flags and values are told apart as node's own splitter does it", async () => {
  let compared = 0
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async argv => {
    const expected = byNode(argv)
    const beyond = argv.indexOf('--')
    // -7 is a flag that is not there, unless something takes it
    const run = await runCli(table, ['take', '--json', ...argv])
    if (expected === undefined || (run.exit === 2 && argv.slice(0, beyond === -1 ? undefined : beyond).includes('-7'))) { expect(run.exit).toBe(2); return }
    compared++
    expect({ exit: run.exit, stderr: run.stderr, args: JSON.parse(run.stdout) as object }).toEqual({ exit: 0, stderr: '', args: JSON.parse(JSON.stringify(expected)) as object })
  }), { numRuns: 500 })
  expect(compared).toBeGreaterThan(100)
})

test('how often -v stands there is counted', async () => {
  const flags = async (...argv: string[]): Promise<number> => {
    const parsed = await parseArgs(table, ['take', ...argv])
    return parsed.kind === 'run' ? parsed.flags.verbose : -1
  }
  expect([await flags(), await flags('-v'), await flags('-vv', '--verbose'), await flags('-fv'), await flags('--', '-v')]).toEqual([0, 1, 3, 1, 0])
})
