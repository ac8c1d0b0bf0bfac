import type { ServiceLog } from '../daemon/service.ts'
import type { HostIo } from './run-cli.ts'
import type { GlobalFlags } from './io.ts'
import { stripControl } from './strip-control.ts'

const SILENT: ServiceLog = { debug () {}, info () {}, warn () {}, error () {} }

/** Field names whose values never reach a log, at the top and one level down. */
export const SECRET_FIELDS = ['secret', 'privateKey', 'passphrase', 'key', 'link', 'fragment']

/** What -v shows: on stderr, in order, nothing lost at exit. Without -v pino is not even loaded. */
export async function cliLog (name: string, host: Pick<HostIo, 'stderr'>, flags: GlobalFlags): Promise<ServiceLog> {
  if (flags.verbose === 0) return SILENT
  const { default: pino } = await import('pino')
  const paths = SECRET_FIELDS.flatMap(field => [field, `*.${field}`])
  const logger = pino(
    { level: flags.verbose === 1 ? 'info' : 'debug', base: null, timestamp: false, redact: { paths, censor: '[hidden]' }, formatters: { level: label => ({ level: label }) } },
    { write: (line: string) => { host.stderr.write(flags.json ? `{"log":${line.trimEnd()}}\n` : textLine(name, line)).catch(() => {}) } },
  )
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields: Readonly<Record<string, unknown>> = {}): void => { logger[level](fields, message) }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function textLine (name: string, line: string): string {
  const { level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${stripControl(`${name}: ${String(level)}: ${String(msg)}${rest.join('')}`)}\n`
}
