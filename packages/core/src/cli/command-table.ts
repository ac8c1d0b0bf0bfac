import type { Io } from './io.ts'
import type { Outcome } from './outcome.ts'
import { AppError } from '../errors/app-error.ts'
import { parseDuration } from './duration.ts'
import { parseSize } from './size.ts'

/**
 * What a tool can be asked, declared once: parsing, help pages and shell completion all come from this table.
 * A tool's `cli.ts` exports `cli (deps): CommandTable`; building the table loads no command and needs no deps.
 */
export interface CommandTable {
  /** The binary's name. */
  readonly name: string
  readonly version: string
  /** One sentence over the list of commands. */
  readonly describe: string
  readonly commands: readonly Command[]
  /** Printed under the main help page; shown as it stands. */
  readonly epilogue?: string
}

export type Command = CommandGroup | LeafCommand

export interface CommandGroup { readonly name: string, readonly describe: string, readonly commands: readonly LeafCommand[] }

export interface LeafCommand {
  readonly name: string
  readonly describe: string
  readonly positionals: Readonly<Record<string, ArgSpec>>
  readonly options: Readonly<Record<string, ArgSpec>>
  /** Command line (without the binary's name) and what it does; shown in the help page. */
  readonly examples: ReadonlyArray<readonly [line: string, does: string]>
  readonly run: (io: Io, args: never) => Promise<Outcome>
}

export interface ArgSpec<T = unknown> {
  readonly type: 'flag' | 'one' | 'many'
  readonly describe: string
  readonly required: boolean
  /** One letter: 'o' for -o. */
  readonly alias?: string
  /** As the user would type it. */
  readonly default?: string
  readonly choices?: readonly string[]
  /** What a shell may offer for the value. */
  readonly complete?: 'file' | 'folder'
  readonly parse: (raw: string, label: string) => unknown
  /** Never set: carries the type of the parsed value. */
  readonly value?: T
}

export interface ArgOptions { readonly alias?: string, readonly complete?: 'file' | 'folder' }

export type ArgsOf<S extends Readonly<Record<string, ArgSpec>>> = { readonly [K in keyof S]: S[K] extends ArgSpec<infer T> ? T : never }

type NoArgs = Readonly<Record<never, ArgSpec>>

/** One command. Option keys are camelCase here and in `args`, kebab-case on the command line (noPad: --no-pad). */
export function command<P extends Readonly<Record<string, ArgSpec>> = NoArgs, O extends Readonly<Record<string, ArgSpec>> = NoArgs> (spec: {
  name: string
  describe: string
  positionals?: P
  options?: O
  examples?: ReadonlyArray<readonly [string, string]>
  run: (io: Io, args: ArgsOf<P> & ArgsOf<O>) => Promise<Outcome>
}): LeafCommand {
  return { positionals: {}, options: {}, examples: [], ...spec }
}

export const group = (name: string, describe: string, commands: readonly LeafCommand[]): CommandGroup => ({ name, describe, commands })

/** A switch: false unless given. */
export const flag = (describe: string, options: ArgOptions = {}): ArgSpec<boolean> => ({ type: 'flag', describe, required: false, parse: raw => raw, ...options })

/** Any number of values; as an option it is repeated (--address a --address b), as the last positional it takes the rest. */
export const texts = (describe: string, options: ArgOptions & { readonly required?: boolean } = {}): ArgSpec<readonly string[]> =>
  ({ type: 'many', describe, required: false, parse: raw => raw, ...options })

interface ValueArg<T> {
  (describe: string, options: ArgOptions & ({ readonly required: true } | { readonly default: string })): ArgSpec<T>
  (describe: string, options?: ArgOptions): ArgSpec<T | undefined>
}

function valueArg<T> (parse: (raw: string, label: string) => T, more: { readonly choices?: readonly string[] } = {}): ValueArg<T> {
  return ((describe: string, options: ArgOptions & { readonly required?: boolean, readonly default?: string } = {}) =>
    ({ type: 'one', describe, required: false, parse, ...more, ...options }))
}

export const text = valueArg(raw => raw)
/** '15m', '7d' -> milliseconds. */
export const duration = valueArg(parseDuration)
/** '10MB' -> bytes. */
export const size = valueArg(parseSize)

/** A whole number from `min` to `max`, both allowed. */
export const integer = (min: number, max: number): ValueArg<number> => valueArg((raw, label) => {
  const value = /^-?\d{1,15}$/u.test(raw) ? Number(raw) : NaN
  if (!(value >= min && value <= max)) throw new AppError('USAGE', `${label}: '${raw}' is not a whole number from ${min} to ${max}`, { exit: 'usage' })
  return value
})

export const choice = <const C extends string>(...choices: readonly C[]): ValueArg<C> => valueArg((raw, label) => {
  if (!(choices as readonly string[]).includes(raw)) throw new AppError('USAGE', `${label}: '${raw}' is not one of ${choices.join(', ')}`, { exit: 'usage' })
  return raw as C
}, { choices })

/** The name on the command line: noPad -> no-pad. */
export const flagName = (key: string): string => key.replace(/[A-Z]/gu, letter => `-${letter.toLowerCase()}`)

/** 'burn add <file>': the line that a usage error shows. */
export function usageLine (table: Pick<CommandTable, 'name'>, path: readonly string[], leaf: LeafCommand): string {
  return [table.name, ...path, ...positionalWords(leaf)].join(' ')
}

export const positionalWords = (leaf: LeafCommand): string[] => Object.entries(leaf.positionals).map(([key, spec]) => {
  const word = `${flagName(key)}${spec.type === 'many' ? '..' : ''}`
  return spec.required ? `<${word}>` : `[${word}]`
})
