import { closeSync, openSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { ReadStream } from 'node:tty'
import { AppError } from '../errors/app-error.ts'
import type { Prompt } from './io.ts'
import { stripControl } from './strip-control.ts'

/*
 * Rules of asking:
 * - questions go to stderr, so that stdout stays the answer
 * - yes or no is asked only when stdin and stderr are terminals; else the caller decides alone
 * - a secret is asked on the terminal itself (/dev/tty) when stdin carries data or has ended, and is never echoed
 * - ^C in a question is ^C of the command; the terminal is put back as it was, whatever happens
 */

export interface PromptDeps {
  readonly signal: AbortSignal
  readonly write: (text: string) => void
  readonly stdinIsTTY: () => boolean
  readonly stderrIsTTY: () => boolean
  /** The user pressed ^C in raw mode, where the terminal makes no signal of it. */
  readonly interrupt: () => void
}

export function terminalPrompt (deps: PromptDeps): Prompt {
  return {
    get canAsk () { return deps.stdinIsTTY() && deps.stderrIsTTY() },
    async confirm (question, fallback) {
      if (!this.canAsk) throw noTerminal(question)
      for (;;) {
        const answer = (await ask(deps, `${question} ${fallback ? '[Y/n]' : '[y/N]'} `, true)).trim().toLowerCase()
        if (answer === '') return fallback
        if (answer === 'y' || answer === 'yes') return true
        if (answer === 'n' || answer === 'no') return false
        deps.write("please answer 'y' or 'n'\n")
      }
    },
    secret: async question => await ask(deps, `${question}: `, false),
  }
}

const noTerminal = (question: string): AppError =>
  new AppError('NO_TERMINAL', `there is no terminal to ask for ${stripControl(question).replace(/: $/u, '')}`, { exit: 'usage', hints: ['run the command in a terminal'] })

async function ask (deps: PromptDeps, question: string, echo: boolean): Promise<string> {
  deps.signal.throwIfAborted()
  const terminal = openTerminal(deps, question)
  const { input } = terminal
  const decoder = new StringDecoder('utf8')
  let line: LineState = { text: '', ended: undefined }
  input.setRawMode(true)
  deps.write(stripControl(question))
  try {
    return await new Promise<string>((resolve, reject) => {
      const onData = (bytes: Buffer): void => {
        const typed = decoder.write(bytes)
        const before = line.text
        line = typeInto(line, typed)
        if (echo && line.text !== before) deps.write(line.text.startsWith(before) ? line.text.slice(before.length) : '\b \b'.repeat([...before].length) + line.text)
        if (line.ended === 'interrupt') { deps.interrupt(); return }
        if (line.ended === 'line') { stop(); resolve(line.text) }
        if (line.ended === 'eof') { stop(); reject(new AppError('NO_ANSWER', `no answer was given to '${stripControl(question).trim()}'`, { exit: 'failed' })) }
      }
      const onAbort = (): void => { stop(); reject(deps.signal.reason as Error) }
      const onEnd = (): void => { onData(Buffer.of(4)) }
      const stop = (): void => {
        input.off('data', onData).off('end', onEnd).off('error', onEnd)
        deps.signal.removeEventListener('abort', onAbort)
      }
      input.on('data', onData).on('end', onEnd).on('error', onEnd)
      deps.signal.addEventListener('abort', onAbort, { once: true })
      input.resume()
    })
  } finally {
    if (!input.destroyed) input.setRawMode(false)
    deps.write('\n')
    await terminal.close()
  }
}

function openTerminal (deps: PromptDeps, question: string): { readonly input: ReadStream, close(): Promise<void> } {
  if (deps.stdinIsTTY() && !process.stdin.readableEnded) return { input: process.stdin.ref(), close: releaseStdin }
  try {
    const fd = openSync('/dev/tty', 'r+')
    try {
      const input = new (process.getBuiltinModule('node:tty').ReadStream)(fd)
      return { input, close: async () => { input.destroy() } }
    } catch (e) {
      closeSync(fd)
      throw e
    }
  } catch {
    throw noTerminal(question)
  }
}

/** An open terminal must not keep the process. Node stops reading a tick after the pause; whoever reads on before that would wait for ever. */
async function releaseStdin (): Promise<void> {
  process.stdin.pause().unref()
  await new Promise<void>(resolve => { setImmediate(resolve) })
}

export interface LineState { readonly text: string, readonly ended: 'line' | 'eof' | 'interrupt' | undefined }

/** The keys of a raw terminal: Enter, backspace, ^U (all), ^W (word), ^C, ^D at the start of a line. Arrow keys do nothing. */
export function typeInto (state: LineState, typed: string): LineState {
  let chars = [...state.text]
  // eslint-disable-next-line no-control-regex
  for (const key of typed.replace(/\u001b\[[0-9;]*[A-Za-z~]/gu, '')) {
    switch (key) {
      case '\r': case '\n': return { text: chars.join(''), ended: 'line' }
      case '\u0003': return { text: '', ended: 'interrupt' }
      case '\u0004': if (chars.length === 0) return { text: '', ended: 'eof' }; break
      case '\u007f': case '\b': chars.pop(); break
      case '\u0015': chars = []; break
      case '\u0017': chars = [...chars.join('').replace(/\S*\s*$/u, '')]; break
      default: if (key >= ' ') chars.push(key)
    }
  }
  return { text: chars.join(''), ended: undefined }
}
