import type { ArgSpec, Command, CommandTable, LeafCommand } from './command-table.ts'
import { optionsOf } from './find-command.ts'

/** What can stand in one place of the command line: the words, flags and values after the words of `path`. */
interface Place {
  readonly path: string
  readonly words: ReadonlyArray<{ readonly word: string, readonly describe: string }>
  readonly flags: ReadonlyArray<{ readonly flag: string, readonly alias?: string, readonly spec: ArgSpec }>
  readonly files: boolean
}

/** All text in these scripts comes from the table; descriptions are quoted for each shell. */
export function completionScript (table: CommandTable, shell: 'bash' | 'zsh' | 'fish'): string {
  switch (shell) {
    case 'bash': return bashScript(table)
    case 'zsh': return zshScript(table)
    case 'fish': return fishScript(table)
  }
}

const describe = (c: Command): { word: string, describe: string } => ({ word: c.name, describe: c.describe })

function placesOf (table: CommandTable): Place[] {
  const flagsOf = (c: Command | CommandTable): Place['flags'] => [...optionsOf(c)].map(([name, spec]) =>
    ({ flag: `--${name}`, ...spec.alias === undefined ? {} : { alias: `-${spec.alias}` }, spec }))
  const leaf = (c: LeafCommand, path: string): Place => {
    const specs = Object.values(c.positionals)
    return { path, words: specs.flatMap(s => s.choices ?? []).map(word => ({ word, describe: '' })), flags: flagsOf(c), files: specs.some(s => s.complete !== undefined) }
  }
  return [
    { path: '', words: [...table.commands.map(describe), { word: 'help', describe: 'show the help page of a command' }], flags: flagsOf(table), files: false },
    { path: 'help', words: table.commands.map(({ name }) => ({ word: name, describe: '' })), flags: [], files: false },
    ...table.commands.flatMap(c => 'commands' in c
      ? [{ path: c.name, words: c.commands.map(describe), flags: flagsOf(c), files: false }, ...c.commands.map(inner => leaf(inner, `${c.name} ${inner.name}`))]
      : [leaf(c, c.name)]),
  ]
}

const valueFlags = (table: CommandTable, want: (spec: ArgSpec) => boolean): string[] => [...new Set(placesOf(table).flatMap(p => p.flags
  .filter(f => f.spec.type !== 'flag' && want(f.spec)).flatMap(f => f.alias === undefined ? [f.flag] : [f.flag, f.alias])))]
const identifier = (name: string): string => `_${name.replaceAll(/[^a-zA-Z0-9]/gu, '_')}`

function bashScript (table: CommandTable): string {
  const places = placesOf(table)
  const fileFlags = valueFlags(table, spec => spec.complete !== undefined)
  const plainFlags = valueFlags(table, spec => spec.complete === undefined && spec.choices === undefined)
  const chosen = [...new Map(places.flatMap(p => p.flags).filter(f => f.spec.choices !== undefined).map(f => [f.flag, f.spec.choices!.join(' ')]))]
  const groups = table.commands.filter(c => 'commands' in c).map(c => c.name)
  const fn = identifier(table.name)
  return `# bash completion for ${table.name}; put it in your shell's start file:  source <(${table.name} completion bash)
${fn} () {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" place="" i words="" files=""
  COMPREPLY=()
  case "$before" in
    ${[...fileFlags, '""'].join('|')}) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
${chosen.map(([name, choices]) => `    ${name}) mapfile -t COMPREPLY < <(compgen -W "${choices}" -- "$word"); return ;;\n`).join('')}    ${[...plainFlags, '""'].join('|')}) return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${[...fileFlags, ...plainFlags, ...chosen.map(([name]) => name)].join('|')}) ((i++)) ;;
      -*) ;;
      *) case "$place" in
          "") place="\${COMP_WORDS[i]}" ;;
          ${[...groups.map(name => `"${name}"`), '"-"'].join('|')}) place="$place \${COMP_WORDS[i]}" ;;
        esac ;;
    esac
  done
  case "$place" in
${places.map(p => `    "${p.path}") words="${[...p.words.map(w => w.word), ...p.flags.flatMap(f => f.alias === undefined ? [f.flag] : [f.flag, f.alias]), '--help', ...p.path === '' ? ['--version'] : []].join(' ')}"${p.files ? ' files=yes' : ''} ;;\n`).join('')}  esac
  [[ "$word" == -* || -z "$files" ]] && mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ -n "$files" && "$word" != -* ]]; then compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); fi
}
complete -F ${fn} ${table.name}
`
}

function zshScript (table: CommandTable): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:\\]/gu, '\\$&')
  const option = ({ flag, alias, spec }: Place['flags'][number]): string => {
    const value = spec.type === 'flag' ? '' : spec.choices !== undefined ? `:value:(${spec.choices.join(' ')})` : spec.complete === 'folder' ? ':folder:_files -/' : spec.complete === 'file' ? ':file:_files' : ':value: '
    const text = `[${quote(spec.describe)}]${value}`
    return alias === undefined ? `'${spec.type === 'many' ? '*' : ''}${flag}${text}'` : `'(${alias} ${flag})'{${alias},${flag}}'${text}'`
  }
  const fn = identifier(table.name)
  const args = (p: Place, more: readonly string[]): string => [...p.flags.map(option), "'(-h --help)'{-h,--help}'[show the help page]'", ...p.path === '' ? ["'--version[print the version]'"] : [], ...more].join(' \\\n        ')
  const branch = (p: Place): string => {
    if (p.words.some(w => w.describe !== '')) return '' // a group: its own function
    const rest = p.files ? "'*:file:_files'" : p.words.length > 0 ? `'*:value:(${p.words.map(w => w.word).join(' ')})'` : "'*: :'"
    return `    '${p.path}')\n      _arguments -s \\\n        ${args(p, [rest])} ;;\n`
  }
  const list = (p: Place): string => p.words.map(w => `      '${quote(w.word)}:${quote(w.describe)}'`).join('\n')
  const groups = placesOf(table).filter(p => p.words.some(w => w.describe !== ''))
  return `#compdef ${table.name}
# zsh completion for ${table.name}; put it in your shell's start file:  source <(${table.name} completion zsh)
${fn} () {
  local place="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && continue
    case "$place" in
      '') place="$word" ;;
      ${[...groups.filter(p => p.path !== '').map(p => `'${p.path}'`), "'-'"].join('|')}) place="$place $word" ;;
    esac
  done
  case "$place" in
${groups.map(p => `    '${p.path}')
      local -a commands=(
${list(p)}
      )
      if [[ "\${words[CURRENT]}" == -* ]]; then
        _arguments -s \\
        ${args(p, [])}
      else
        _describe 'command' commands
      fi ;;\n`).join('')}${placesOf(table).map(branch).join('')}  esac
}
compdef ${fn} ${table.name}
`
}

function fishScript (table: CommandTable): string {
  const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines: string[] = []
  const add = (condition: string, rest: string): void => { lines.push(`complete -c ${table.name} -n ${quote(condition)} ${rest}`) }
  for (const p of placesOf(table)) {
    const words = p.path.split(' ').filter(w => w !== '')
    const seen = words.map(word => `__fish_seen_subcommand_from ${word}`)
    const open = p.words.map(w => w.word)
    const condition = p.path === '' ? '__fish_use_subcommand' : [...seen, ...open.length > 0 && !p.files ? [`not __fish_seen_subcommand_from ${open.join(' ')}`] : []].join('; and ')
    for (const w of p.words) add(condition, `-a ${quote(w.word)}${w.describe === '' ? '' : ` -d ${quote(w.describe)}`}`)
    if (p.files) add(seen.join('; and '), '-F')
    for (const { flag, alias, spec } of p.flags.filter(f => p.path === '' || !placesOf(table)[0]!.flags.some(g => g.flag === f.flag))) {
      const value = spec.type === 'flag' ? '' : spec.choices !== undefined ? ` -x -a ${quote(spec.choices.join(' '))}` : spec.complete !== undefined ? ' -r -F' : ' -x'
      const everywhere = p.path === '' ? 'true' : seen.join('; and ')
      add(everywhere, `-l ${flag.slice(2)}${alias === undefined ? '' : ` -s ${alias.slice(1)}`}${value} -d ${quote(spec.describe)}`)
    }
  }
  return `# fish completion for ${table.name}:  ${table.name} completion fish > ~/.config/fish/completions/${table.name}.fish
complete -c ${table.name} -f
complete -c ${table.name} -s h -l help -d 'show the help page'
complete -c ${table.name} -n __fish_use_subcommand -l version -d 'print the version'
${lines.join('\n')}
`
}
