/** TXT records of the DNS, for DNSLink. */
import { Resolver } from 'node:dns/promises'
import { AppError } from '../errors/app-error.ts'
import { codeOf } from '../errors/code-of.ts'
import type { ResolveTxt } from './resolve-txt.ts'
import { DNS_TRIES, DNS_TRY_MS, MAX_TXT_RECORDS } from './limits.ts'

/** The answer is "no": RFC 1035 calls them name error and no data; c-ares has its words for a name that cannot be asked for. */
const NO_RECORD = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME'])

/** @param servers `<ip>` or `<ip>:<port>`; absent: those of the system */
export function dnsTxt (servers?: readonly string[]): ResolveTxt {
  return async (domain, signal) => {
    signal.throwIfAborted()
    const resolver = new Resolver({ timeout: DNS_TRY_MS, tries: DNS_TRIES })
    if (servers !== undefined) resolver.setServers(servers)
    const stop = (): void => { resolver.cancel() }
    signal.addEventListener('abort', stop, { once: true })
    try {
      return (await resolver.resolveTxt(domain)).slice(0, MAX_TXT_RECORDS).map(strings => strings.join(''))
    } catch (e) {
      signal.throwIfAborted()
      const code = codeOf(e) ?? ''
      if (NO_RECORD.has(code)) return []
      throw new AppError('DNS_UNREACHABLE', `the DNS does not answer for ${domain} (${code})`, { exit: 'unreachable', hints: ['check the connection'], cause: e })
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}
