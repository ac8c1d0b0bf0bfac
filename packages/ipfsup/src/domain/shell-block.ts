/**
 * The block that puts the shim into the PATH, in the file that a user's shell reads: docs/formats/ipfsup.md, "The block in the shell's file". Pure.
 * Such a file is of no encoding that is known, so its text is handled as one character a byte ('latin1'), and so is the block.
 */
import { AppError } from '@ipkit/core/errors/app-error'
import { shellQuoted } from './shim-script.ts'

export type Shell = 'bash' | 'zsh' | 'fish' | 'sh'

const BEGIN = '# >>> ipfsup >>>'
const END = '# <<< ipfsup <<<'
/** What taking the block out again has to undo besides. */
const MARKS = { madeFile: '# The file was made for this block.', joined: '# The line before this block had no end.' } as const

/** @param shell the user's, as SHELL names it; one that is not known reads ~/.profile or nothing */
export function shellOf (shell: string | undefined): Shell {
  const name = shell?.slice(shell.lastIndexOf('/') + 1)
  return name === 'bash' || name === 'zsh' || name === 'fish' ? name : 'sh'
}

export interface ShellPlace {
  /** The user's home directory. */
  readonly userHome: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** `process.platform` */
  readonly platform: string
}

/**
 * The files in which that shell may find its PATH, absolute: it is written into the first one that exists, and where none does into the first.
 * A terminal of macOS starts login shells, and bash then reads the first of three files and not .bashrc.
 */
export function shellFiles (shell: Shell, { userHome, env, platform }: ShellPlace): readonly [string, ...string[]] {
  const folder = (variable: string, fallback: string): string => env[variable]?.startsWith('/') === true ? env[variable] : fallback
  switch (shell) {
    case 'bash': return platform === 'darwin' ? [`${userHome}/.bash_profile`, `${userHome}/.bash_login`, `${userHome}/.profile`] : [`${userHome}/.bashrc`]
    case 'zsh': return [`${folder('ZDOTDIR', userHome)}/.zshrc`]
    case 'fish': return [`${folder('XDG_CONFIG_HOME', `${userHome}/.config`)}/fish/config.fish`]
    case 'sh': return [`${userHome}/.profile`]
  }
}

/** Every file that a block may stand in, whichever shell it was written for. */
export function allShellFiles (place: ShellPlace): readonly string[] {
  const shells: readonly Shell[] = ['bash', 'zsh', 'fish', 'sh']
  return [...new Set(['linux', 'darwin'].flatMap(platform => shells.flatMap(shell => shellFiles(shell, { ...place, platform }))))]
}

/**
 * @param binFolder absolute @returns lines with their ends; sourcing them twice adds nothing
 * @throws AppError HOME_UNUSABLE
 */
export function shellBlock (shell: Shell, binFolder: string): string {
  if (/[:\n\r\0]/.test(binFolder)) throw new AppError('HOME_UNUSABLE', `'${binFolder}' cannot stand in the PATH: it has a colon or a line end in it`, { exit: 'usage', hints: ['name another folder: IPFSUP_HOME=DIR', "or make the shim alone: 'ipfsup init --no-modify-path'"] })
  const lines = shell === 'fish'
    ? [`contains -- ${fishQuoted(binFolder)} $PATH; or set -gx PATH ${fishQuoted(binFolder)} $PATH`]
    : ['case ":$PATH:" in', `  *:${shellQuoted(binFolder)}:*) ;;`, `  *) export PATH=${shellQuoted(binFolder)}:"$PATH" ;;`, 'esac']
  return [BEGIN, "# Written by 'ipfsup init'; 'ipfsup self uninstall' takes it out again.", ...lines, END, ''].join('\n')
}

const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** @param text of the file; undefined where there is none @throws AppError SHELL_BLOCK_DAMAGED */
export function blockState (text: string | undefined, block: string, file: string): 'missing' | 'current' | 'outdated' {
  const [found, ...more] = findBlocks(text ?? '', file)
  if (found === undefined) return 'missing'
  return more.length === 0 && found.marks.reduce((rest, mark) => rest.replace(`${mark}\n`, ''), text!.slice(found.from, found.to)) === block ? 'current' : 'outdated'
}

/**
 * The block at the end, or in place of the first that is there; further ones go.
 * @throws AppError SHELL_BLOCK_DAMAGED
 */
export function withBlock (text: string | undefined, block: string, file: string): string {
  const [first, ...more] = findBlocks(text ?? '', file)
  if (first !== undefined) {
    const rest = more.reduceRight((kept, { from, to }) => kept.slice(0, from) + kept.slice(to), text!)
    return rest.slice(0, first.from) + marked(block, first.marks) + rest.slice(first.to)
  }
  if (text === undefined) return marked(block, [MARKS.madeFile])
  return text === '' || text.endsWith('\n') ? text + block : `${text}\n${marked(block, [MARKS.joined])}`
}

/**
 * The file as it was before.
 * @returns undefined: there was none, and nothing else has come into it
 * @throws AppError SHELL_BLOCK_DAMAGED
 */
export function withoutBlock (text: string, file: string): string | undefined {
  let [rest, made] = [text, false]
  for (const { from, to, marks } of findBlocks(text, file).toReversed()) {
    const isJoined = marks.includes(MARKS.joined) && to >= rest.length
    const lineEnd = text.startsWith(`${BEGIN}\r`, from) ? /\r?\n$/ : /\n$/ // an editor may have put CR LF everywhere
    const before = isJoined ? rest.slice(0, from).replace(lineEnd, '') : rest.slice(0, from)
    rest = before + rest.slice(to)
    made ||= marks.includes(MARKS.madeFile)
  }
  return made && rest === '' ? undefined : rest
}

const marked = (block: string, marks: readonly string[]): string => marks.reduce((text, mark) => text.replace('\n', () => `\n${mark}\n`), block)

interface FoundBlock { readonly from: number, readonly to: number, readonly marks: readonly string[] }

/** From the start of the first line to behind the end of the last one; an editor may have put CR LF there. */
function findBlocks (text: string, file: string): readonly FoundBlock[] {
  const found: FoundBlock[] = []
  let from: number | undefined
  for (const { 0: line, index } of text.matchAll(/[^\n]*\n?/g)) {
    const word = line.trimEnd()
    if (word === BEGIN) {
      if (from !== undefined) throw damaged(file, BEGIN, END)
      from = index
    } else if (word === END) {
      if (from === undefined) throw damaged(file, END, BEGIN)
      const to = index + line.length
      const lines = text.slice(from, to).split(/\r?\n/)
      found.push({ from, to, marks: Object.values(MARKS).filter(mark => lines.includes(mark)) })
      from = undefined
    }
  }
  if (from !== undefined) throw damaged(file, BEGIN, END)
  return found
}

const damaged = (file: string, has: string, lacks: string): AppError =>
  new AppError('SHELL_BLOCK_DAMAGED', `${file} has a line '${has}' without its '${lacks}'`, { exit: 'refused', hints: [`take what is left of ipfsup's block out of ${file} by hand`, "or leave the file alone: 'ipfsup init --no-modify-path'"] })
