import { AppError } from '../errors/app-error.ts'
import { array, boolean, check, integer, literal, optional, object, string, type Schema, type Infer } from '../schema/schema.ts'
import { nearest } from '../schema/nearest.ts'

const multiaddr = string({ min: 2, max: 512, pattern: /^(\/[^/\s]+)+$/, what: 'a multiaddr such as /ip4/127.0.0.1/tcp/0' })
const listenAddress = string({ min: 2, max: 128, pattern: /^\/(ip4|ip6|dns|dns4|dns6)\/[^/\s]+\/tcp\/\d{1,5}$/, what: 'a listen address such as /ip4/0.0.0.0/tcp/4101' })
const relay = string({ min: 2, max: 256, pattern: /^\/ip[46]\/[0-9A-Fa-f.:]+\/tcp\/\d{1,5}\/p2p\/[1-9A-HJ-NP-Za-km-z]+$/, what: "a relay's address such as /ip4/192.0.2.1/tcp/4001/p2p/<relay id>" })
const router = string({ min: 8, max: 512, pattern: /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, what: "a router's address such as https://example.org or http://192.168.1.7:4180" })
const hostName = string({ min: 1, max: 253, pattern: /^[A-Za-z0-9.-]+$/, what: 'a host name' })

interface KeyDefinition<T> { readonly schema: Schema<T>, readonly fallback: T, readonly about: string, readonly env?: string }
const key = <T>(schema: Schema<T>, fallback: NoInfer<T>, about: string, env?: string): KeyDefinition<T> =>
  env === undefined ? { schema, fallback, about } : { schema, fallback, about, env }

/** Every key of config.json; docs/cli.md lists the same table. */
export const CONFIG_KEYS = {
  listen: key(array(listenAddress, { max: 16 }), ['/ip4/0.0.0.0/tcp/4101', '/ip6/::/tcp/4101'], 'where the node listens for peers', 'IPKIT_LISTEN'),
  httpListen: key(array(listenAddress, { max: 16 }), ['/ip4/0.0.0.0/tcp/4180', '/ip6/::/tcp/4180'], 'where web pages, records and agents are served', 'IPKIT_HTTP_LISTEN'),
  httpNames: key(array(hostName, { max: 32 }), [], 'host names under which the HTTP port may be asked, besides IP addresses'),
  announce: key(array(multiaddr, { max: 16 }), [], 'more addresses to tell about, such as a forwarded port'),
  mdns: key(boolean(), false, 'find ipkit nodes on the local network'),
  publicNetwork: key(boolean(), false, 'join the public IPFS network: bootstrap peers and DHT'),
  lanDht: key(boolean(), false, 'keep a DHT among the peers of the local network'),
  kubo: key(boolean(), false, 'connect to a running Kubo as a peer'),
  relays: key(array(relay, { max: 4 }), [], 'circuit relays to be reachable through'),
  ipnsRouters: key(array(router, { max: 16 }), [], 'HTTP routers that IPNS records are put to and asked of'),
  node: key(string({ min: 1, max: 4096, pattern: /^(own|none|unix:\/.+)$/, what: 'own, none or unix:/absolute/path' }), 'own', 'which node commands use: own, none or unix:PATH', 'IPKIT_NODE'),
  idleMinutes: key(integer({ min: 0, max: 7 * 24 * 60 }), 15, 'stop after so many idle minutes; 0: never'),
  logLevel: key(literal('debug', 'info', 'warn', 'error'), 'info', 'how much the node writes to node.log'),
} as const

export type ConfigKey = keyof typeof CONFIG_KEYS
export type Config = { readonly [K in ConfigKey]: Infer<(typeof CONFIG_KEYS)[K]['schema']> }
/** What the file holds: any of the keys. */
export type ConfigFile = { [K in ConfigKey]?: Config[K] }

export const CONFIG_KEY_NAMES = Object.keys(CONFIG_KEYS) as ConfigKey[]

export const configFileSchema = object(Object.fromEntries(CONFIG_KEY_NAMES.map(name => [name, optional(CONFIG_KEYS[name].schema as Schema<unknown>)]))) as Schema<ConfigFile>

/** @throws AppError UNKNOWN_CONFIG_KEY, naming the nearest known one */
export function toConfigKey (text: string): ConfigKey {
  if (Object.hasOwn(CONFIG_KEYS, text)) return text as ConfigKey
  const near = nearest(text, CONFIG_KEY_NAMES)
  throw new AppError('UNKNOWN_CONFIG_KEY', `there is no config key '${text.slice(0, 64)}'`, { exit: 'usage', hints: [near === undefined ? `keys: ${CONFIG_KEY_NAMES.join(', ')}` : `did you mean '${near}'?`] })
}

/**
 * A value as a person types it: lists are separated by commas ('' is the empty list), switches are true, on, false or off.
 * @throws AppError BAD_CONFIG_VALUE
 */
export function parseConfigValue (name: ConfigKey, text: string): Config[ConfigKey] {
  const { schema, fallback } = CONFIG_KEYS[name]
  let value: unknown = text
  if (Array.isArray(fallback)) value = splitList(text)
  else if (typeof fallback === 'boolean') value = ({ true: true, on: true, false: false, off: false } as Record<string, boolean>)[text] ?? text
  else if (typeof fallback === 'number' && /^\d{1,9}$/.test(text)) value = Number(text)
  return check(schema as Schema<Config[ConfigKey]>, value, name, 'BAD_CONFIG_VALUE')
}

export const splitList = (text: string): string[] => text.split(',').map(t => t.trim()).filter(t => t !== '')
