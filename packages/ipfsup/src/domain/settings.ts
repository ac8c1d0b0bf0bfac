/** `config.json` in ipfsup's home, and the variables that go before it. docs/formats/ipfsup.md, "Settings". */
import { AppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { array, boolean, check, literal, object, optional, string, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { readJsonText, toJsonText } from './json-text.ts'
import type { Settings } from './place.ts'

export const BUILT_IN_ORIGINS: readonly string[] = ['https://dist.ipfs.tech', 'https://github.com/ipfs/kubo/releases/download']

type Env = Readonly<Record<string, string | undefined>>

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/
const url: Schema<string> = {
  read (value, path) {
    const text = string({ min: 8, max: 512, what: 'a URL' }).read(value, path)
    const bad = (why: string, hints: readonly string[] = []): AppError => new AppError('BAD_VALUE', `${path}: '${text}' ${why}`, { exit: 'usage', hints })
    if (text.includes('@')) throw new AppError('BAD_VALUE', `${path}: a URL with a user or a password is not taken`, { exit: 'usage' }) // before anything repeats it
    if (!URL.canParse(text)) throw bad('is not a URL', ['write it like https://dist.ipfs.tech'])
    const { protocol, hostname, search, hash } = new URL(text)
    if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) throw bad('is not https', ['http is taken on the loopback interface only, as http://127.0.0.1:8080'])
    if (search !== '' || hash !== '' || /[\s\\]/.test(text)) throw bad('has more than a path')
    return text.replace(/\/+$/, '')
  },
}
const distCid: Schema<string> = {
  read (value, path) {
    const text = string({ min: 1, max: 128, what: 'a CID' }).read(value, path).replace(/^\/ipfs\//, '')
    if (!isCanonicalCid(text)) throw new AppError('BAD_VALUE', `${path}: '${text}' is not a CID`, { exit: 'usage', hints: ['write it like bafybei..., or Qm...'] })
    return text
  },
}
const origins = array(url, { min: 1, max: 16 })
const peers = array(string({ min: 1, max: 512, pattern: /^[^\s,]+$/, what: 'a peer' }), { max: 64 })

const schema = object({ format: optional(literal(1)), origins: optional(origins), distCid: optional(distCid), peers: optional(peers), npmRegistry: optional(url), auto: optional(boolean()) })
export type SettingsFile = Infer<typeof schema>

/** @throws AppError BAD_CONFIG, exit usage, with the file, the key and the nearest known one */
export function decodeSettings (text: string, file: string): SettingsFile {
  return readJsonText(text, schema, { file, code: 'BAD_CONFIG', exit: 'usage', hints: [] })
}

export const encodeSettings = (settings: SettingsFile): string => toJsonText(settings)

/** The environment goes before the file, the file before what is built in; an empty variable is none. @throws AppError BAD_CONFIG_VALUE, exit usage */
export function mergeSettings (file: SettingsFile, env: Env): Settings {
  return {
    origins: [...new Set(fromEnv(env, 'IPFSUP_ORIGINS', text => splitList(text), origins) ?? file.origins ?? BUILT_IN_ORIGINS)],
    distCid: fromEnv(env, 'IPFSUP_DIST_CID', text => text, distCid) ?? file.distCid,
    peers: fromEnv(env, 'IPFSUP_PEERS', text => splitList(text), peers) ?? file.peers ?? [],
    npmRegistry: fromEnv(env, 'IPFSUP_NPM_REGISTRY', text => text, url) ?? file.npmRegistry,
  }
}

const splitList = (text: string): string[] => text.split(',').map(part => part.trim()).filter(part => part !== '')

function fromEnv<T> (env: Env, name: string, read: (text: string) => unknown, schema: Schema<T>): T | undefined {
  const text = env[name]?.trim() ?? ''
  if (text === '') return undefined
  try {
    return check(schema, read(text), name)
  } catch (e) {
    throw new AppError('BAD_CONFIG_VALUE', messageOf(e), { exit: 'usage', hints: (e as AppError).hints })
  }
}
