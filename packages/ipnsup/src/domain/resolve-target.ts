/** What can be resolved: an IPNS name, or a name of DNS that DNSLink leads on from. Pure. */
import { parseName } from '@ipkit/core/names/ipns-name'
import { isDomain, readDomain } from './domain-name.ts'

export { isDomain }

/** @param text also behind `/ipns/` or `ipns://` @returns the canonical IPNS name, or a domain in lower case without the dot at its end @throws AppError NAME_INVALID */
export function resolveTarget (text: string): string {
  return readDomain(text) ?? parseName(text).text
}
