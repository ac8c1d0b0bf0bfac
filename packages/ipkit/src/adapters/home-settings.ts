import { CONFIG_KEYS, parseConfigValue, toConfigKey, type ConfigKey } from '@ipkit/core/config/config-keys'
import { configEntries, readConfigFile, writeConfigKey } from '@ipkit/core/config/read-config'
import { ensureHome } from '@ipkit/core/config/home-check'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import type { AppPaths } from '@ipkit/core/config/app-paths'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import type { Setting, Settings } from '../domain/settings.ts'

/** Settings in the home's config.json. */
export function homeSettings (paths: AppPaths, host: HostFacts, env: Readonly<Record<string, string | undefined>>): Settings {
  const all = (): Setting[] => configEntries(readConfigFile(paths.config), env)
  const one = (key: string): Setting => {
    const known = toConfigKey(key)
    return all().find(setting => setting.key === known)!
  }
  return {
    all,
    one,
    async set (key, text) {
      const known = toConfigKey(key)
      const value = text === undefined ? undefined : parse(known, text)
      ensureHome(paths, host)
      await writeConfigKey(paths.config, known, value)
      return one(known)
    },
  }
}

/** The validator never shows a value; here the person has just typed it. */
function parse (key: ConfigKey, text: string): ReturnType<typeof parseConfigValue> {
  try {
    return parseConfigValue(key, text)
  } catch (e) {
    if (!isAppError(e) || e.code !== 'BAD_CONFIG_VALUE') throw e
    throw new AppError(e.code, `${key} cannot be '${text.slice(0, 200)}'; ${messageOf(e).split('; ').at(-1)!}`, { exit: e.exit, hints: [...e.hints, `what it is for: ${CONFIG_KEYS[key].about}`], cause: e })
  }
}
