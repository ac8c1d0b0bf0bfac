import { parseArgs as splitArgs } from 'node:util'
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
 * here and in find-command.ts; `util.parseArgs` only splits (docs/decisions/0016-node-splits-the-arguments.md).
 * @throws AppError USAGE
 */
export async function parseArgs (table: CommandTable, argv: readonly string[]): Promise<Parsed> {
  const { path, command, wants, rest } = findCommand(table, argv)
  if (wants === 'version') return { kind: 'answer', key: 'version', text: table.version }
  if (wants === 'help') return { kind: 'answer', key: 'help', text: await (await import('./help-pages.ts')).helpPage(table, path) }
  if ('commands' in command) {
    const here = [table.name, ...path].join(' ')
    const names = command.commands.map(c => c.name).join(', ')
    throw usage('name a command', [`'${here}' has: ${names}`, `see '${here} --help'`])
  }
  checkFlags(table, path, command, rest)
  const raw = tokens(command, rest)
  const flags = { ...values(GLOBAL_OPTIONS, raw.options), verbose: raw.verbose } as GlobalFlags
  const args = { ...positionals(table, path, command, raw.words), ...values(command.options, raw.options) }
  return { kind: 'run', flags, run: async io => await command.run(io, args as never) }
}

interface Tokens { readonly words: readonly string[], readonly options: ReadonlyMap<string, readonly string[]>, readonly verbose: number }

/** @returns for each option that is given its values in order; '' stands for a value that is missing */
function tokens (leaf: LeafCommand, rest: readonly string[]): Tokens {
  const specs = optionsOf(leaf)
  const end = rest.indexOf('--')
  const args = end === -1 ? [...rest] : rest.slice(0, end)
  const options = Object.fromEntries([...specs].map(([name, { type, alias }]) =>
    [name, { type: type === 'flag' ? 'boolean' as const : 'string' as const, ...alias === undefined ? {} : { short: alias } }]))
  const split = splitArgs({ args, strict: false, tokens: true, options: { ...options, verbose: { type: 'boolean', short: 'v' } } })
  const words: string[] = []
  const found = new Map<string, string[]>()
  for (const token of split.tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const given = found.get(token.name) ?? []
    found.set(token.name, [...given, valueOf(token)])
  }
  return { words: [...words, ...end === -1 ? [] : rest.slice(end + 1)], options: found, verbose: found.get('verbose')?.length ?? 0 }
}

/** `-o=x` is x. What looks like a flag is a value only when it is written with `=`, or is a negative number. */
function valueOf ({ value = '', inlineValue = false, rawName }: { readonly value?: string | undefined, readonly inlineValue?: boolean | undefined, readonly rawName: string }): string {
  if (inlineValue) return rawName.startsWith('--') ? value : value.replace(/^=/u, '')
  return value.startsWith('-') && !/^-(\d+(\.\d+)?)?$/u.test(value) ? '' : value
}

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
    if (spec.required && left.length === 0) throw usage(`${label} is missing: ${spec.describe}`, usageHints(table, path, leaf))
    if (spec.type === 'many') { found[key] = left.splice(0).map(word => spec.parse(word, label)); continue }
    const value = left.shift() ?? spec.default
    found[key] = value === undefined ? undefined : spec.parse(value, label)
  }
  if (left.length > 0) throw usage(`'${left[0]!}' is one argument too many`, usageHints(table, path, leaf))
  return found
}
