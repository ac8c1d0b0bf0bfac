/** Which HTTP proxy a request goes through, by the customary variables of the environment. */
import { isIP } from 'node:net'
import { AppError } from '../errors/app-error.ts'
import { isLoopback } from './address-group.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * `https_proxy`, `http_proxy` and `no_proxy`, in small letters before capitals. This machine itself is never asked through a proxy.
 * @returns undefined: straight @throws AppError PROXY_INVALID
 */
export function proxyRoute (target: URL, env: Environment): URL | undefined {
  const read = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? ''
  const text = read(target.protocol === 'https:' ? 'https_proxy' : 'http_proxy').trim()
  const host = hostOf(target)
  if (text === '' || host === 'localhost' || (isIP(host) !== 0 && isLoopback(host))) return undefined
  if (read('no_proxy').split(/[\s,]+/).some(entry => entry !== '' && covers(entry.toLowerCase(), host, portOf(target)))) return undefined
  const proxy = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(proxy) || new URL(proxy).protocol !== 'http:') throw new AppError('PROXY_INVALID', 'the proxy that the environment names is no http:// address', { exit: 'usage', hints: ['see HTTPS_PROXY and HTTP_PROXY; what they name is spoken to in plain HTTP'] })
  return new URL(proxy)
}

/** Without the brackets of IPv6, and without the dot that may end a name. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase()

export const portOf = (url: URL): number => Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port)

/** @param entry `*`, a name (and all below it, also with `.` or `*.` in front), an IP address, each with a port or without */
function covers (entry: string, host: string, port: number): boolean {
  if (entry === '*') return true
  const [, bracketed, plain, wantedPort] = /^(?:\[([^\]]+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? []
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false
  const name = (bracketed ?? plain ?? entry).replace(/^\*?\./, '')
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}
