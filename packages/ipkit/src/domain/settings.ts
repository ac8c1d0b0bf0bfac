/** The node's configuration, as the environment, config.json and the defaults make it. */
export interface Settings {
  /** @throws AppError BAD_CONFIG, BAD_CONFIG_VALUE */
  all(): readonly Setting[]
  /** @throws AppError UNKNOWN_CONFIG_KEY */
  one(key: string): Setting
  /**
   * Durable when it resolves; the node reads it at its next start.
   * @param text as a person types it; undefined: the default holds again
   * @throws AppError UNKNOWN_CONFIG_KEY, BAD_CONFIG_VALUE
   */
  set(key: string, text: string | undefined): Promise<Setting>
}

export interface Setting {
  readonly key: string
  readonly value: string | number | boolean | readonly string[]
  readonly source: 'env' | 'file' | 'default'
  readonly about: string
}

export const settingText = (value: Setting['value']): string => Array.isArray(value) ? value.join(',') : String(value)
