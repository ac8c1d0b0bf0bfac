import { lstatSync, readFileSync } from 'node:fs'
import { AppError } from '../errors/app-error.ts'
import { codeOf, messageOf } from '../errors/code-of.ts'
import { check, type Schema } from '../schema/schema.ts'
import { CONFIG_KEYS, CONFIG_KEY_NAMES, configFileSchema, parseConfigValue, type Config, type ConfigFile, type ConfigKey } from './config-keys.ts'

const MAX_CONFIG_BYTES = 64 * 1024
type Env = Readonly<Record<string, string | undefined>>

/**
 * What config.json holds; an absent file holds nothing. Synchronous and small: every command reads it.
 * @throws AppError BAD_CONFIG with the file, the key and the cure
 */
export function readConfigFile (file: string): ConfigFile {
  let text: string
  try {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return {} // most often; cheaper than an error that is caught
    const bytes = readFileSync(file)
    if (bytes.length > MAX_CONFIG_BYTES) throw new AppError('BAD_CONFIG', `${file} has ${bytes.length} bytes; the limit is ${MAX_CONFIG_BYTES}`, { exit: 'usage' })
    text = bytes.toString('utf8')
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return {}
    if (codeOf(e) === 'BAD_CONFIG') throw e
    throw new AppError('BAD_CONFIG', `cannot read ${file} (${String(codeOf(e))})`, { exit: 'usage', cause: e, hints: hintsOf(e) })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (e) {
    throw new AppError('BAD_CONFIG', `${file} is not JSON: ${messageOf(e).split('\n')[0]!}`, { exit: 'usage', hints: ['correct it, or remove it to get the defaults back'] })
  }
  return check(configFileSchema, value, file, 'BAD_CONFIG')
}

function hintsOf (e: unknown): string[] {
  if (codeOf(e) === 'ENOTDIR') return ['the home must be a folder: --home or IPKIT_HOME names it']
  return codeOf(e) === 'EACCES' ? ['run it as the owner of the home, or name another: --home DIR'] : []
}

/** One key's value now and where it comes from. */
export interface ConfigEntry { readonly key: ConfigKey, readonly value: Config[ConfigKey], readonly source: 'env' | 'file' | 'default', readonly about: string }

/** The environment goes before the file, the file before the default. @throws AppError BAD_CONFIG_VALUE */
export function configEntries (file: ConfigFile, env: Env): ConfigEntry[] {
  return CONFIG_KEY_NAMES.map(key => {
    const { about, fallback, env: variable } = CONFIG_KEYS[key] as { about: string, fallback: Config[ConfigKey], env?: string }
    const fromEnv = variable === undefined ? undefined : env[variable]
    if (fromEnv !== undefined && fromEnv !== '') {
      try {
        return { key, value: parseConfigValue(key, fromEnv), source: 'env', about }
      } catch (e) {
        throw new AppError('BAD_CONFIG_VALUE', `in ${variable!}: ${messageOf(e)}`, { exit: 'usage', cause: e })
      }
    }
    return file[key] === undefined ? { key, value: fallback, source: 'default', about } : { key, value: file[key], source: 'file', about }
  })
}

/** The whole configuration as the node uses it. @throws AppError BAD_CONFIG, BAD_CONFIG_VALUE */
export function readConfig (file: string, env: Env): Config {
  return Object.fromEntries(configEntries(readConfigFile(file), env).map(e => [e.key, e.value])) as unknown as Config
}

/** Writes one key durably; undefined removes it, so that the default holds again. The node reads it at its next start. */
export async function writeConfigKey<K extends ConfigKey> (file: string, key: K, value: Config[K] | undefined): Promise<void> {
  const content: ConfigFile = readConfigFile(file)
  if (value === undefined) delete content[key]
  else content[key] = check(CONFIG_KEYS[key].schema as unknown as Schema<Config[K]>, value, key, 'BAD_CONFIG_VALUE') as ConfigFile[K]
  const { atomicWrite } = await import('../storage/atomic-write.ts') // every command reads the configuration, few write it
  await atomicWrite(file, new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`))
}
