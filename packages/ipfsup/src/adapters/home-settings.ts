import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf } from '@ipkit/core/errors/code-of'
import type { Settings } from '../domain/place.ts'
import { decodeSettings, mergeSettings, type SettingsFile } from '../domain/settings.ts'
import { checkOwnHome } from './own-home.ts'

const MAX_BYTES = 64 * 1024

/**
 * What holds now: also where releases, and npm's packages, are taken from. @param home `$IPFSUP_HOME`; it need not exist
 * @throws AppError BAD_CONFIG, BAD_CONFIG_VALUE (exit usage), HOME_NOT_OURS, HOME_TOO_OPEN, HOME_NOT_DIRECTORY (exit refused)
 */
export async function homeSettings (home: string, env: Readonly<Record<string, string | undefined>>, euid: number): Promise<Settings> {
  await checkOwnHome(home, euid)
  return mergeSettings(await readSettingsFile(home), env)
}

/** @throws AppError BAD_CONFIG */
export async function readSettingsFile (home: string): Promise<SettingsFile> {
  const file = path.join(home, 'config.json')
  let bytes
  try {
    bytes = await readFile(file)
  } catch (e) {
    if (codeOf(e) === 'ENOENT' || codeOf(e) === 'ENOTDIR') return {}
    throw new AppError('BAD_CONFIG', `cannot read ${file} (${String(codeOf(e))})`, { exit: 'usage', cause: e, hints: [`see who may: ls -ld '${file}'`] })
  }
  if (bytes.length > MAX_BYTES) throw new AppError('BAD_CONFIG', `${file} has ${bytes.length} bytes; the limit is ${MAX_BYTES}`, { exit: 'usage' })
  return decodeSettings(bytes.toString('utf8'), file)
}
