/**
 * Whom limits by IP address count as one: an IPv4 address, and of IPv6 a /64, which is the least that one customer is given (RFC 6177).
 * An IPv4 address that is written as IPv6 is that IPv4 address.
 */

/** @param ip as a socket tells it, a zone after % left out of account @returns a key; of text that is no address, the text */
export function addressGroup (ip: string): string {
  const groups = ip.includes(':') ? ipv6Groups(ip.split('%')[0]!) : undefined
  if (groups === undefined) return ip
  const [high, low] = groups.slice(6) as [number, number]
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  return `${groups.slice(0, 4).map(group => group.toString(16)).join(':')}::/64`
}

/** The same for what comes through `multiaddr`: of a relayed connection, the relay's. */
export const addressGroupIn = (multiaddr: string): string => addressGroup(/\/ip[46]\/([^/]+)/.exec(multiaddr)?.[1] ?? multiaddr)

export const isLoopback = (ip: string): boolean => ip === '::1' || addressGroup(ip).startsWith('127.')

/** @returns eight numbers of 16 bits */
function ipv6Groups (text: string): number[] | undefined {
  const hex = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, a: string, b: string, c: string, d: string) =>
    `${(Number(a) * 256 + Number(b)).toString(16)}:${(Number(c) * 256 + Number(d)).toString(16)}`)
  const [head, tail] = hex.split('::').map(side => side === '' ? [] : side.split(':'))
  const missing = tail === undefined ? 0 : 8 - head!.length - tail.length
  if (missing < 0) return undefined
  const groups = [...head!, ...Array.from({ length: missing }, () => '0'), ...tail ?? []].map(group => /^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : NaN)
  return groups.length === 8 && !groups.some(Number.isNaN) ? groups : undefined
}
