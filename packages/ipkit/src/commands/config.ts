import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { factsText } from '@ipkit/core/cli/table'
import type { IpkitDeps } from './deps.ts'
import { settingText } from '../domain/settings.ts'

const SOURCES = { env: 'from the environment', file: '', default: 'default' } as const

/** `ipkit config show` */
export async function showConfig (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const all = (await deps.settings(io)).all()
  const json = Object.fromEntries(all.map(({ key, value, source }) => [key, { value, source }]))
  return document(json, factsText(all.map(({ key, value, source, about }) =>
    [key, `${settingText(value) || '(none)'}${SOURCES[source] === '' ? '' : `  (${SOURCES[source]})`}\n  ${about}`])))
}

/** `ipkit config get <key>` */
export async function getConfig (deps: IpkitDeps, io: Io, args: { readonly key: string }): Promise<Outcome> {
  const { key, value, source } = (await deps.settings(io)).one(args.key)
  return document({ key, value, source }, settingText(value))
}

/** `ipkit config set <key> [value]` */
export async function setConfig (deps: IpkitDeps, io: Io, args: { readonly key: string, readonly value: string | undefined }): Promise<Outcome> {
  const { key, value, source } = await (await deps.settings(io)).set(args.key, args.value)
  if (source === 'env') io.report.warn('SETTING_OVERRIDDEN', `${key} is written, but the environment overrides it with '${settingText(value)}'`)
  io.report.note("a running node reads it at its next start: 'ipkit restart'")
  return document({ key, value, source }, `${key} = ${settingText(value) || '(none)'}`)
}
