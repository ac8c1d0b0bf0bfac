import { flagName, type ArgSpec, type CommandTable, type LeafCommand } from './command-table.ts'
import { checkFlags, findCommand, optionsOf, usage, usageHints } from './find-command.ts'
import { GLOBAL_OPTIONS } from './global-flags.ts'
import type { GlobalFlags, Io } from './io.ts'
import type { Outcome } from './outcome.ts'

export type Parsed =
  | { readonly kind: 'answer', readonly key: 'help' | 'version', readonly text: string }
  | { readonly kind: 'run', readonly flags: GlobalFlags, readonly run: (io: Io) => Promise<Outcome> }

/**
 * argv -> the command to run, its values converted, or the page to print. What stands in the table and what the values mean is decided
 * here and in find-command.ts (docs/decisions/0016-the-table-splits-the-arguments.md).
 * @throws AppError USAGE
 */
export async function parseArgs (table: CommandTable, argv: readonly string[]): Promise<Parsed> {
  const { path, command, wants, rest } = findCommand(table, argv)
  if (wants === 'version') return { kind: 'answer', key: 'version', text: table.version }
  if (wants === 'help') return { kind: 'answer', key: 'help', text: await (await import('./help-pages.ts')).helpPage(table, path) }
  checkFlags(table, path, command, rest)
  if ('commands' in command) {
    const here = [table.name, ...path].join(' ')
    const names = command.commands.map(c => c.name).join(', ')
    throw usage('name a command', [`'${here}' has: ${names}`, `see '${here} --help'`])
  }
  const raw = tokens(command, rest)
  const flags = { ...values(GLOBAL_OPTIONS, raw.options), verbose: raw.verbose } as GlobalFlags
  const args = { ...positionals(table, path, command, raw.words), ...values(command.options, raw.options) }
  return { kind: 'run', flags, run: async io => await command.run(io, args as never) }
}

interface Tokens { readonly words: readonly string[], readonly options: ReadonlyMap<string, readonly string[]>, readonly verbose: number }

/**
 * By the usual rules: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, letters together (`-qn value`). What looks like a
 * flag is a value only when it is joined to its own, or is a negative number. Unknown flags were refused before.
 * @returns for each option that is given its values in order; '' stands for a value that is missing
 */
function tokens (leaf: LeafCommand, rest: readonly string[]): Tokens {
  const specs = optionsOf(leaf)
  const names = new Map([['v', 'verbose'], ...[...specs].flatMap(([name, { alias }]) => alias === undefined ? [] : [[alias, name] as const])])
  const end = rest.indexOf('--')
  const args = end === -1 ? rest : rest.slice(0, end)
  const words: string[] = []
  const options = new Map<string, string[]>()
  for (let i = 0; i < args.length; i++) {
    const token = args[i]!
    if (!token.startsWith('-') || token === '-') { words.push(token); continue }
    const give = (name: string, joined: string | undefined): boolean => {
      const takes = (specs.get(name)?.type ?? 'flag') !== 'flag'
      const value = !takes ? '' : joined ?? asValue(args[++i])
      options.set(name, [...options.get(name) ?? [], value])
      return takes
    }
    if (token.startsWith('--')) {
      const equals = token.indexOf('=')
      give(token.slice(2, equals === -1 ? undefined : equals), equals === -1 ? undefined : token.slice(equals + 1))
      continue
    }
    for (let at = 1; at < token.length; at++) {
      const joined = at + 1 < token.length ? token.slice(at + 1).replace(/^=/u, '') : undefined
      if (give(names.get(token[at]!) ?? token[at]!, joined)) break // the rest of the token was its value
    }
  }
  return { words: [...words, ...end === -1 ? [] : rest.slice(end + 1)], options, verbose: options.get('verbose')?.length ?? 0 }
}

const asValue = (next = ''): string => next.startsWith('-') && !/^-(\d+(\.\d+)?)?$/u.test(next) ? '' : next

function values (specs: Readonly<Record<string, ArgSpec>>, raw: Tokens['options']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(specs).map(([key, spec]) => {
    const name = flagName(key)
    const all = raw.get(name) ?? []
    const label = `--${name}`
    if (spec.type === 'flag') return [key, all.length > 0]
    if (all.includes('')) throw usage(`${label} needs a value`, [`write ${label} VALUE or ${label}=VALUE`])
    if (spec.type === 'many') return [key, all.map(value => spec.parse(value, label))]
    if (all.length > 1) throw usage(`${label} is given ${all.length} times, once is the limit`, [`leave one: ${label} ${all.at(-1)!}`])
    const value = all[0] ?? spec.default
    return [key, value === undefined ? undefined : spec.parse(value, label)]
  }))
}

function positionals (table: CommandTable, path: readonly string[], leaf: LeafCommand, words: readonly string[]): Record<string, unknown> {
  const left = [...words]
  const found: Record<string, unknown> = {}
  for (const [key, spec] of Object.entries(leaf.positionals)) {
    const label = `<${flagName(key)}>`
    if (spec.required && (left[0] ?? '') === '') throw usage(`${label} is missing: ${spec.describe}`, usageHints(table, path, leaf))
    if (spec.type === 'many') { found[key] = left.splice(0).map(word => spec.parse(word, label)); continue }
    const value = left.shift() ?? spec.default
    found[key] = value === undefined ? undefined : spec.parse(value, label)
  }
  if (left.length > 0) throw usage(`'${left[0]!}' is one argument too many`, usageHints(table, path, leaf))
  return found
}
