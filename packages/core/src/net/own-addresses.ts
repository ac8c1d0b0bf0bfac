import type { NetworkInterfaceInfo } from 'node:os'

export interface HostPort { readonly ip: string, readonly port: number }

/**
 * Where others can find what listens on `listening`: a wildcard becomes the addresses of the machine's interfaces, loopback last,
 * link-local IPv6 left out (it needs a zone). No two alike.
 * @param listening real ports; ip may be 0.0.0.0 or ::
 */
export function ownAddresses (listening: readonly HostPort[], interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>): HostPort[] {
  const own = Object.values(interfaces).flatMap(list => list ?? []).filter(info => !info.address.startsWith('fe80:'))
  const found = listening.flatMap(({ ip, port }): HostPort[] => {
    const family = ip === '0.0.0.0' ? 'IPv4' : ip === '::' ? 'IPv6' : undefined
    return family === undefined ? [{ ip, port }] : own.filter(info => info.family === family).map(info => ({ ip: info.address, port }))
  })
  const unique = [...new Map(found.map(address => [`${address.ip} ${address.port}`, address])).values()]
  const isLoopback = ({ ip }: HostPort): boolean => ip === '::1' || ip.startsWith('127.')
  return [...unique.filter(address => !isLoopback(address)), ...unique.filter(isLoopback)]
}
