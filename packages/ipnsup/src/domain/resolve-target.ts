/** What can be resolved: an IPNS name, or a name of DNS that DNSLink leads on from. Pure. */
import { parseName } from '@ipkit/core/names/ipns-name'

/** Labels of letters, digits, dashes and underscores; the last one is no number, so that an IP address is no domain. */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/i

export const isDomain = (text: string): boolean => DOMAIN.test(text)

/** @param text also behind `/ipns/` or `ipns://` @returns the canonical IPNS name, or a domain in lower case without the dot at its end @throws AppError NAME_INVALID */
export function resolveTarget (text: string): string {
  const domain = text.replace(/^(?:\/ipns\/|ipns:\/\/)/, '').replace(/\.$/, '')
  return isDomain(domain) ? domain.toLowerCase() : parseName(text).text
}
