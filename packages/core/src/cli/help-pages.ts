import yargs, { type Argv } from 'yargs'
import { flagName, positionalWords, type ArgSpec, type Command, type CommandGroup, type CommandTable, type LeafCommand } from './command-table.ts'
import { GLOBAL_OPTIONS } from './global-flags.ts'

/** What the build writes to `dist/help.json`, so that --help and --version need no yargs. */
export interface HelpFile {
  readonly name: string
  readonly version: string
  /** By the words of the command: '' is the main page, 'contacts add' the page of a subcommand. */
  readonly pages: Readonly<Record<string, string>>
}

export async function helpFile (table: CommandTable): Promise<HelpFile> {
  const paths: string[][] = [[]]
  for (const c of table.commands) {
    paths.push([c.name])
    if ('commands' in c) for (const inner of c.commands) paths.push([c.name, inner.name])
  }
  const pages: Record<string, string> = {}
  for (const path of paths) pages[path.join(' ')] = await helpPage(table, path)
  return { name: table.name, version: table.version, pages }
}

/** The page for one command, as yargs sets it in 80 columns; independent of locale and terminal. Ends without a line end. */
export async function helpPage (table: CommandTable, path: readonly string[]): Promise<string> {
  const parser = yargs([]).scriptName(table.name).usage(`$0 <command>\n\n${table.describe}`)
    .exitProcess(false).showHelpOnFail(false).locale('en').wrap(80)
    .help('help', 'show this page').alias('help', 'h').version(false)
    .parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'dot-notation': false })
  for (const c of table.commands) addCommand(parser, c, path.length === 1)
  if (path.length === 0) {
    addGlobals(parser)
    parser.epilogue([`See '${table.name} <command> --help' for one command.`, ...table.epilogue === undefined ? [] : ['', table.epilogue]].join('\n'))
  }
  let page = ''
  await parser.parseAsync([...path, '--help'], {}, (_error: unknown, _args: unknown, output: string) => { page = output })
  return page.trimEnd()
}

function addCommand (parser: Argv, command: Command, isPage: boolean): void {
  if ('commands' in command) { addGroup(parser, command, isPage); return }
  parser.command([command.name, ...positionalWords(command)].join(' '), command.describe, y => {
    for (const [key, spec] of Object.entries(command.positionals)) {
      y.positional(flagName(key), { describe: spec.describe, ...spec.type === 'many' ? { defaultDescription: 'none' } : {}, ...spec.choices === undefined ? {} : { choices: spec.choices }, ...spec.default === undefined ? {} : { default: spec.default } })
    }
    addOptions(y, command)
    addGlobals(y)
    for (const [line, does] of command.examples) y.example(`$0 ${line}`, does)
    return y
  }, () => {})
}

/** @param isPage the page is of the group itself; yargs hands what stands here down to its commands, which add it themselves */
function addGroup (parser: Argv, group: CommandGroup, isPage: boolean): void {
  parser.command(`${group.name} <command>`, group.describe, y => {
    for (const leaf of group.commands) addCommand(y, leaf, true)
    if (isPage) addGlobals(y)
    return y
  }, () => {})
}

function addOptions (y: Argv, leaf: LeafCommand): void {
  for (const [key, spec] of Object.entries(leaf.options)) y.option(flagName(key), yargsOption(spec))
  if (Object.keys(leaf.options).length > 0) y.group(Object.keys(leaf.options).map(flagName), 'Flags:')
}

function addGlobals (parser: Argv): void {
  for (const [key, spec] of Object.entries(GLOBAL_OPTIONS)) parser.option(flagName(key), yargsOption(spec))
  parser.option('verbose', { alias: 'v', describe: 'say more about what happens; -vv says all', count: true })
  parser.group([...Object.keys(GLOBAL_OPTIONS).map(flagName), 'verbose', 'help'], 'Every command:')
}

const yargsOption = (spec: ArgSpec): Record<string, unknown> => ({
  describe: spec.type === 'many' ? `${spec.describe} (may be repeated)` : spec.describe,
  ...spec.type === 'flag' ? { type: 'boolean' } : { type: 'string' },
  ...spec.alias === undefined ? {} : { alias: spec.alias },
  ...spec.default === undefined ? {} : { default: spec.default },
  ...spec.choices === undefined ? {} : { choices: spec.choices },
})
