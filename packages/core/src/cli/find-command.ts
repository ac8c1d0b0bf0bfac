import { AppError } from '../errors/app-error.ts'
import { nearest } from '../schema/nearest.ts'
import { flagName, usageLine, type ArgSpec, type Command, type CommandTable, type LeafCommand } from './command-table.ts'
import { GLOBAL_OPTIONS } from './global-flags.ts'

/** Where argv points to in the table, before any value is looked at. */
export interface Found {
  /** Words that name the command, without the binary: ['contacts', 'add']. */
  readonly path: readonly string[]
  readonly command: Command | CommandTable
  readonly wants: 'run' | 'help' | 'version'
  /** argv without the words of `path`. */
  readonly rest: readonly string[]
}

/**
 * Walks argv down the table. Flags may stand anywhere, also before the command (`ipkit --home DIR status`).
 * @throws AppError USAGE for a command that is not there
 */
export function findCommand (table: CommandTable, argv: readonly string[]): Found {
  const end = argv.indexOf('--')
  const scanned = end === -1 ? argv : argv.slice(0, end)
  const rest: string[] = []
  const path: string[] = []
  let command: Command | CommandTable = table
  let wants: Found['wants'] = scanned.includes('--help') || scanned.includes('-h') ? 'help' : scanned.includes('--version') ? 'version' : 'run'
  for (let i = 0; i < scanned.length; i++) {
    const token = scanned[i]!
    if (token.startsWith('-') && token !== '-') {
      rest.push(token)
      if (takesNext(token, command) && i + 1 < scanned.length) rest.push(scanned[++i]!)
    } else if (token === 'help' && command === table && path.length === 0 && wants !== 'version') {
      wants = 'help'
    } else if ('commands' in command) {
      const next: Command | undefined = (command.commands as readonly Command[]).find(c => c.name === token)
      if (next === undefined) throw unknownCommand(table, command, path, token)
      command = next
      path.push(token)
    } else {
      rest.push(token)
    }
  }
  if (end !== -1) rest.push(...argv.slice(end))
  return { path, command, wants, rest }
}

/** The options a command understands, the global ones included, by their name on the command line. */
export function optionsOf (command: Command | CommandTable): Map<string, ArgSpec> {
  const own = 'options' in command ? command.options : {}
  return new Map(Object.entries({ ...own, ...GLOBAL_OPTIONS }).map(([key, spec]) => [flagName(key), spec]))
}

/** Refuses a flag that the command does not have, with the nearest one it has. @throws AppError USAGE */
export function checkFlags (table: CommandTable, path: readonly string[], command: Command | CommandTable, rest: readonly string[]): void {
  const options = optionsOf(command)
  const letters = new Map([...options.values()].flatMap(spec => spec.alias === undefined ? [] : [[spec.alias, spec] as const]))
  const here = [table.name, ...path].join(' ')
  for (let i = 0; i < rest.length; i++) {
    const token = rest[i]!
    if (token === '--') return
    if (!token.startsWith('-') || token === '-') continue
    if (token.startsWith('--')) {
      const name = token.slice(2).split('=')[0]!
      if (!options.has(name) && name !== 'verbose') {
        const near = nearest(name, [...options.keys(), 'help', 'version', 'verbose'])
        throw usage(`'${here}' has no flag --${name}`, [...near === undefined ? [] : [`did you mean --${near}?`], `see '${here} --help'`])
      }
      const spec = options.get(name)
      if (spec?.type !== 'one' && spec?.type !== 'many' && token.includes('=')) throw usage(`--${name} takes no value`, [`write just --${name}`])
    } else {
      const all = [...token.slice(1)]
      const valueAt = all.findIndex(l => takesValue(letters.get(l))) // what follows this letter is its value
      const flags = valueAt === -1 ? all : all.slice(0, valueAt)
      const letter = flags.find(l => l !== 'v' && !letters.has(l))
      if (letter === '=') throw usage(`-${flags[0]!} takes no value`, [`write just -${flags[0]!}`])
      if (letter !== undefined) throw usage(`'${here}' has no flag -${letter}`, [`see '${here} --help'`, ...(/^-\d/u.test(token) ? [] : [`for a value that begins with '-', put -- before it`])])
    }
    if (takesNext(token, command)) i++
  }
}

export const usage = (message: string, hints: readonly string[]): AppError => new AppError('USAGE', message, { exit: 'usage', hints })

export const usageHints = (table: CommandTable, path: readonly string[], leaf: LeafCommand): string[] =>
  [`usage: ${usageLine(table, path, leaf)}`, `see '${[table.name, ...path].join(' ')} --help'`]

/** Whether the token after this flag is its value. */
function takesNext (token: string, command: Command | CommandTable): boolean {
  if (token.includes('=')) return false
  const options = optionsOf(command)
  if (token.startsWith('--')) return takesValue(options.get(token.slice(2)))
  const letters = [...options.values()].flatMap(spec => takesValue(spec) ? spec.alias ?? [] : [])
  return [...token.slice(1)].findIndex(letter => letters.includes(letter)) === token.length - 2 // -qo FILE; of -oFILE the rest is the value
}

const takesValue = (spec: ArgSpec | undefined): boolean => spec !== undefined && spec.type !== 'flag'

function unknownCommand (table: CommandTable, at: Command | CommandTable, path: readonly string[], word: string): AppError {
  const names = 'commands' in at ? at.commands.map(c => c.name) : []
  const here = [table.name, ...path].join(' ')
  const near = nearest(word, names)
  return usage(`'${here}' has no command '${word}'`, [...near === undefined ? [] : [`did you mean '${here} ${near}'?`], `see '${here} --help'`])
}
