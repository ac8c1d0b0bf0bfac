import { AppError } from '@ipkit/core/errors/app-error'
import { parseName, type IpnsName } from '@ipkit/core/names/ipns-name'

/** What can stand behind /ipns/. */
export type NameTarget =
  | { readonly kind: 'ipns', readonly text: string, readonly name: IpnsName }
  /** @property text lower case, without a dot at its end */
  | { readonly kind: 'dns', readonly text: string }

const PREFIX = /^(\/ipns\/|ipns:\/\/)/
const MAX_DOMAIN_CHARACTERS = 253
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/

/** @param text an IPNS name or a domain name of two labels or more, also behind `/ipns/` @throws AppError NAME_INVALID */
export function parseTarget (text: string): NameTarget {
  const bare = text.replace(PREFIX, '')
  if (!bare.includes('.') || bare.includes('/')) {
    const name = parseName(text)
    return { kind: 'ipns', text: name.text, name }
  }
  const domain = bare.toLowerCase().replace(/\.$/, '')
  const labels = domain.split('.')
  if (domain.length > MAX_DOMAIN_CHARACTERS || labels.length < 2 || !labels.every(label => LABEL.test(label))) {
    throw new AppError('NAME_INVALID', `${JSON.stringify(text.slice(0, 80))} is neither an IPNS name nor a domain name of letters, digits and dashes`, {
      exit: 'usage', hints: ['write other letters as DNS has them (xn--…)'],
    })
  }
  return { kind: 'dns', text: domain }
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
