import pino from 'pino'
import { logLineText } from './log-tail.ts'
import { RotatingLog } from './rotating-log.ts'
import type { ServiceLog } from './service.ts'

const MAX_LOG_BYTES = 4 * 1024 * 1024
/** Fields whose values never reach the log, at the top and one level down. */
const SECRET_FIELDS = ['secret', 'privateKey', 'passphrase', 'key', 'link', 'fragment', 'params']

export interface NodeLog extends ServiceLog {
  /** The same log; each line names `service`. */
  child(service: string): ServiceLog
  close(): void
}

/** node.log, as JSON lines; `echo` gets each as text besides (a node in the foreground). */
export function openNodeLog (file: string, level: string, echo?: (line: string) => void): NodeLog {
  const out = new RotatingLog(file, MAX_LOG_BYTES)
  const redact = { paths: SECRET_FIELDS.flatMap(f => [f, `*.${f}`]), censor: '[hidden]' }
  const root = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact, formatters: { level: label => ({ level: label }) } },
    { write: (line: string) => { out.write(line); echo?.(`${logLineText(line)}\n`) } },
  )
  const wrap = (logger: pino.Logger): ServiceLog => {
    const at = (name: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields: Readonly<Record<string, unknown>> = {}): void => { logger[name](fields, message) }
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }
  return { ...wrap(root), child: service => wrap(root.child({ service })), close: () => { out.close() } }
}
