/**
 * Which IP version `text` is, when it is the one canonical spelling of an address that can be dialled: dotted decimal
 * without leading zeros, or IPv6 as RFC 5952 prints it. Without zone, port or brackets. IPv4 inside IPv6 is refused: the
 * same host would have two spellings.
 * @returns undefined for anything else
 */
export function ipVersion (text: string): 4 | 6 | undefined {
  if (IPV4.test(text)) return text.startsWith('0.') ? undefined : 4 // 0.0.0.0/8 is "this network", never a destination
  if (!IPV6_CHARACTERS.test(text) || text === '::') return undefined
  if (!URL.canParse(`http://[${text}]/`)) return undefined
  const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1) // WHATWG URL prints IPv6 as RFC 5952 does
  return canonical === text && !text.startsWith('::ffff:') ? 6 : undefined
}

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`)
const IPV6_CHARACTERS = /^[0-9a-f:]{2,39}$/
