/** Names of DNS, which DNSLink leads on from. Pure. */

/** Labels of letters, digits, dashes and underscores; the last one is no number, so that an IP address is no domain. */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!\d+$)[a-z0-9-]{2,63}$/i

export const isDomain = (text: string): boolean => DOMAIN.test(text)

/** @param text also behind `/ipns/` or `ipns://` @returns the domain in lower case without the dot at its end; undefined: it is none */
export function readDomain (text: string): string | undefined {
  const domain = text.replace(/^(?:\/ipns\/|ipns:\/\/)/, '').replace(/\.$/, '')
  return isDomain(domain) ? domain.toLowerCase() : undefined
}
