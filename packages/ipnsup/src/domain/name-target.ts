import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'
import { readDomain } from './domain-name.ts'

/** What can stand behind /ipns/. */
export type NameTarget =
  | { readonly kind: 'ipns', readonly text: string, readonly name: IpnsName }
  /** @property text lower case, without a dot at its end */
  | { readonly kind: 'dns', readonly text: string }

/** @param text an IPNS name or a domain name, also behind `/ipns/` @throws AppError NAME_INVALID */
export function parseTarget (text: string): NameTarget {
  const domain = readDomain(text)
  if (domain !== undefined) return { kind: 'dns', text: domain }
  const name = parseName(text)
  return { kind: 'ipns', text: name.text, name }
}

/**
 * A path that records and DNSLinks hold, taken apart where it leads to another name.
 * @returns undefined for a path that leads to no name; `rest` is empty or begins with a slash
 * @throws AppError NAME_INVALID
 */
export function nameInPath (path: string): { readonly target: NameTarget, readonly rest: string } | undefined {
  const match = /^\/ipns\/([^/]+)(.*)$/su.exec(path)
  return match === null ? undefined : { target: parseTarget(match[1]!), rest: match[2]! }
}
