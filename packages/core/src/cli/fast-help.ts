import { readFileSync, writeSync } from 'node:fs'
import type { HelpFile } from './help-pages.ts'

/*
 * --help and --version without yargs: the text was made at build time. This file imports nothing else, because its whole
 * point is that a start takes hardly longer than a bare `node`. Whatever is not the plain case is left to parse-args.ts,
 * which prints the same text (a test compares).
 */

/** @returns the text to print, or undefined when argv is not a plain request for help or the version */
export function fastAnswer (argv: readonly string[], file: HelpFile): string | undefined {
  const words = argv.filter(token => token !== '--help' && token !== '-h')
  const asked = words.length < argv.length || words[0] === 'help'
  if (words.length === 1 && argv.length === 1 && words[0] === '--version') return file.version
  if (!asked) return undefined
  const path = words[0] === 'help' ? words.slice(1) : words
  return Object.hasOwn(file.pages, path.join(' ')) && !path.includes('') ? file.pages[path.join(' ')] : undefined
}

/** @param helpFile `help.json` beside the built `bin.cjs` @returns true when the answer was written */
export function printFastHelp (argv: readonly string[], helpFile: string): boolean {
  const plain = argv.length < 5 && (argv[0] === 'help' || argv.some(token => token === '--help' || token === '-h' || token === '--version'))
  if (!plain) return false
  let text: string | undefined
  try {
    text = fastAnswer(argv, JSON.parse(readFileSync(helpFile, 'utf8')) as HelpFile)
  } catch {
    return false // run from source, before the first build: yargs makes the text
  }
  if (text === undefined) return false
  print(`${text}\n`)
  return true
}

/** To the descriptor itself: making the stream `process.stdout` loads node:net, which is a tenth of a bare start. */
function print (text: string): void {
  const bytes = Buffer.from(text)
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written)
  } catch (e) {
    if ((e as { code?: unknown }).code !== 'EAGAIN') return // `--help | head -1` ends quietly
    process.stdout.on('error', () => {})
    process.stdout.write(bytes.subarray(written)) // a reader that is not ready, on a pipe that does not wait
  }
}
