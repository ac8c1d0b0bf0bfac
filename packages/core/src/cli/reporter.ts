import type { HostIo } from './run-cli.ts'
import type { GlobalFlags, ProgressEvent, Reporter } from './io.ts'
import { stripControl } from './strip-control.ts'
import { TerminalProgress } from './terminal-progress.ts'

export interface ClosableReporter extends Reporter {
  readonly close: () => void
}

/** Two JSON progress lines are at least this far apart, unless the step changes or ends. */
const JSON_PACE_MS = 100

/** Where notes, warnings and progress go: see docs/cli.md. Nothing here waits for stderr, and a closed stderr is no error. */
export function createReporter (name: string, host: Pick<HostIo, 'stderr' | 'clock' | 'env'>, flags: GlobalFlags): ClosableReporter {
  const write = (text: string): void => { host.stderr.write(text).catch(() => {}) }
  const isDrawn = (): boolean => flags.progress === 'auto' && !flags.json && !flags.quiet && host.stderr.isTTY && host.env['TERM'] !== 'dumb'
  let line: TerminalProgress | null | undefined // made at the first event: many commands have none
  const asJson = flags.progress === 'json' ? jsonProgress(host, write) : undefined
  const say = (text: string): void => { line?.clear(); write(text) }
  return {
    progress (event) {
      line ??= isDrawn() ? new TerminalProgress(host.stderr.columns, host.clock, write) : null
      line?.update(event)
      asJson?.(event)
    },
    warn (code, message) {
      const clean = stripControl(message)
      say(flags.json ? `${JSON.stringify({ warning: { code, message: clean } })}\n` : `${name}: warning: ${clean}\n`)
    },
    note (message) { if (!flags.json && !flags.quiet) say(`${name}: ${stripControl(message)}\n`) },
    pause: () => { line?.pause() },
    close: () => { line?.close() },
  }
}

function jsonProgress (host: Pick<HostIo, 'clock'>, write: (text: string) => void): (event: ProgressEvent) => void {
  let lastMs = -Infinity
  let lastStep: string | undefined
  return event => {
    const now = host.clock.now()
    const whole = event.totalBytes !== undefined && event.doneBytes === event.totalBytes
    if (event.step === lastStep && !whole && now - lastMs < JSON_PACE_MS) return
    lastMs = now
    lastStep = event.step
    const { step, doneBytes, totalBytes } = event
    write(`${JSON.stringify({ progress: { step, doneBytes, totalBytes } })}\n`)
  }
}
