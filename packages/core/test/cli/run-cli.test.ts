import { expect, test } from '@jest/globals'
import { command } from '@ipkit/core/cli/command-table'
import { AppError } from '@ipkit/core/errors/app-error'
import { golden } from '@ipkit/testkit/run-cli/golden'
import { runCli, type CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { demoTool } from './demo-tool.ts'

const demo = async (argv: string, options: CliRunOptions = {}): ReturnType<typeof runCli> => await runCli(demoTool, argv === '' ? [] : argv.split(' '), options)

const SCENARIOS: ReadonlyArray<readonly [name: string, argv: string, options?: CliRunOptions]> = [
  ['no-command', ''],
  ['no-command-in-group', 'box'],
  ['unknown-command', 'pakc letter.txt'],
  ['unknown-command-in-group', 'box lss'],
  ['unknown-flag', 'pack f --expire 3d'],
  ['unknown-flag-json', 'pack f --expire 3d --json'],
  ['unknown-flag-of-a-group', '--nonsense'],
  ['empty-positional', 'pack '],
  ['unknown-letter', 'pack f -x'],
  ['missing-positional', 'pack'],
  ['too-many', 'count 1 2'],
  ['bad-duration', 'pack f --expires 7'],
  ['bad-size', 'pack f --limit lots'],
  ['bad-number', 'pack f --reads 0'],
  ['bad-choice', 'pack f --level good'],
  ['missing-value', 'pack f --output'],
  ['value-like-flag', 'pack f --output -x'],
  ['value-like-flag-written-well', 'pack f --output=-x -a=-y --json'],
  ['value-like-number', 'pack f --reads -5'],
  ['value-behind-letter', 'pack f -obox -aone -qa two --json'],
  ['value-behind-letter-and-flag', 'pack f -qobox --json'],
  ['letter-with-value', 'pack f -q=yes'],
  ['verbose-with-value', 'pack f --verbose=2'],
  ['value-cut-off', 'pack f --output -- g'],
  ['value-empty', 'pack f --output='],
  ['dash-is-a-word', 'pack - -a - --json'],
  ['given-twice', 'pack f --output a --output b'],
  ['flag-with-value', 'pack f --no-pad=yes'],
  ['document', 'pack f'],
  ['document-json', 'pack f g -a one --address two --no-pad -o - --json'],
  ['globals-first', '--json -vv pack f'],
  ['home-first', '--home box --progress off pack f -o box --json'],
  ['dash-dash', 'pack --json -- --weird -x'],
  ['list', 'count 2'],
  ['list-json', 'count 2 --json'],
  ['list-partial', 'count 3'],
  ['list-empty', 'count 0'],
  ['fail', 'fail kindly'],
  ['fail-json', 'fail kindly --json'],
  ['fail-colour', 'fail kindly', { tty: { stderr: true } }],
  ['fail-no-color', 'fail kindly', { tty: { stderr: true }, env: { NO_COLOR: '1' } }],
  ['fail-outside-text', 'fail nastily'],
  ['fail-disk', 'fail disk'],
  ['talk', 'talk'],
  ['talk-quiet', 'talk -q'],
  ['talk-json', 'talk --json --progress=json'],
  ['talk-verbose', 'talk -v'],
  ['talk-verbose-json', 'talk -vv --json'],
  ['binary-to-terminal', 'noise', { tty: { stdout: true } }],
  ['version', '--version'],
  ['version-json', '--version --json'],
  ['help', '--help'],
  ['help-command', 'pack --help'],
  ['help-group', 'box --help'],
  ['help-in-group', 'box add --help'],
]

test.each(SCENARIOS.map(([name, argv, options]) => ({ name, argv, options })))('$name', async ({ name, argv, options }) => {
  const { transcript } = await demo(argv, options)
  expect(transcript).toBe(await golden(import.meta.url, name, transcript))
})

test('a bug exits 70 and shows its stack', async () => {
  const plain = await demo('fail oddly')
  expect(plain).toMatchObject({ exit: 70, stdout: '' })
  expect(plain.stderr).toMatch(/^demo: this is a bug in demo; please report it.*\nTypeError: undefined is not a function\n +at /u)
  const json = await demo('fail oddly --json')
  expect(json).toMatchObject({ exit: 70, stdout: '' })
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'BUG', message: 'TypeError: undefined is not a function' } })
})

test('bytes go out as they are, to a terminal only when they may', async () => {
  expect([...(await demo('noise')).stdoutBytes]).toEqual([0xab, 0xab, 0xab, 0xab, 0xab, 0xab])
  expect((await demo('noise --show', { tty: { stdout: true } })).stdoutBytes).toHaveLength(6)
})

test('the exit code of another program is passed on, and nothing is printed', async () => {
  const tool = { ...demoTool, commands: [command({ name: 'run', describe: 'run a program', run: async () => ({ kind: 'exited', code: 37 }) })] }
  expect(await runCli(tool, ['run', '--json'])).toMatchObject({ exit: 37, stdout: '', stderr: '' })
})

test('a reader that goes away ends the command quietly; bytes that did not arrive are not a success', async () => {
  expect(await demo('count 9', { stdoutClosesAfter: 3 })).toMatchObject({ exit: 0, stdout: 'N\n1\n', stderr: '' })
  expect(await demo('noise', { stdoutClosesAfter: 3 })).toMatchObject({ exit: 1, stderr: '' })
})

test.each([
  ['INTERRUPTED', 'interrupted', 130],
  ['TERMINATED', 'terminated', 143],
] as const)('%s during a command', async (code, exitName, exit) => {
  const stop = new AbortController()
  const running = demo('fail wait', { signal: stop.signal })
  stop.abort(new AppError(code, 'stopped', { exit: exitName, hints: ['run it again to go on'] }))
  expect(await running).toMatchObject({ exit, stdout: '', stderr: 'demo: stopped\ndemo: hint: run it again to go on\n' })
})
