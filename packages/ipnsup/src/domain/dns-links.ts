/** DNSLink: names of DNS that lead to a path, from DNS when there is one, else as remembered. Spec: dnslink.dev; docs/protocols/ipnsup-rules.md, "DNSLink". */
import type { KeyValueStore } from '@ipkit/core/daemon/service'
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'
import { readDnsLink } from '@ipkit/core/link/dns-link'
import type { ResolveTxt } from '@ipkit/core/net/resolve-txt'
import { integer, literal, object, string } from '@ipkit/core/schema/schema'
import { encodeStrict } from '@ipkit/core/streams/strict-cbor'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { DNS_MS, MAX_PATH_CHARACTERS } from './limits.ts'
import { readStored } from './read-stored.ts'

export interface DnsLink {
  readonly value: string
  /** When DNS said so, where it was not asked or did not answer now. */
  readonly rememberedMs: number | undefined
}

export interface DnsLinkDeps {
  readonly store: KeyValueStore
  readonly resolveTxt: ResolveTxt
  readonly clock: Clock
}

const VERSION = 1
const STORED = object({ version: literal(VERSION), value: string({ min: 2, max: MAX_PATH_CHARACTERS }), atMs: integer() })

export class DnsLinks {
  readonly #deps: DnsLinkDeps

  constructor (deps: DnsLinkDeps) { this.#deps = deps }

  /**
   * @param domain lower case
   * @throws AppError DNSLINK_NOT_FOUND: DNS says that there is none; DNSLINK_UNREACHABLE: no DNS, and nothing is remembered; DNSLINK_DAMAGED: no DNS, and what is remembered cannot be read
   */
  async resolve (domain: string, { offline }: { readonly offline: boolean }, signal: AbortSignal): Promise<DnsLink> {
    if (offline) return await this.#remembered(domain, 'DNS is not asked offline')
    let value: string | undefined
    try {
      value = await this.#ask(domain, signal)
    } catch (e) {
      signal.throwIfAborted()
      if (!isAppError(e)) throw e
      return await this.#remembered(domain, messageOf(e))
    }
    if (value === undefined) throw new AppError('DNSLINK_NOT_FOUND', `${domain} has no DNSLink: no TXT record dnslink=/ipfs/… or dnslink=/ipns/…`, { exit: 'notFound', hints: ['--offline answers with what it was, if it was ever resolved here'] })
    await this.#deps.store.put(domain, encodeStrict({ version: VERSION, value, atMs: this.#deps.clock.now() }))
    return { value, rememberedMs: undefined }
  }

  /** @returns whether anything was remembered */
  async forget (domain: string): Promise<boolean> {
    const known = await this.#deps.store.get(domain) !== undefined
    if (known) await this.#deps.store.delete(domain)
    return known
  }

  async #ask (domain: string, signal: AbortSignal): Promise<string | undefined> {
    const { clock, resolveTxt } = this.#deps
    for (const host of [`_dnslink.${domain}`, domain]) {
      const link = readDnsLink(await withDeadline(clock, DNS_MS, `the answer of DNS about ${host}`, resolveTxt(host, signal), signal), MAX_PATH_CHARACTERS)
      if (link !== undefined) return link
    }
    return undefined
  }

  async #remembered (domain: string, why: string): Promise<DnsLink> {
    const stored = await this.#deps.store.get(domain)
    if (stored === undefined) throw new AppError('DNSLINK_UNREACHABLE', `${domain} was never resolved here, and ${why}`, { exit: 'unreachable', hints: ['try again with a connection'] })
    const { value, atMs } = readStored(STORED, stored, { code: 'DNSLINK_DAMAGED', what: `what is remembered of ${domain}`, hint: `drop it: 'ipnsup forget ${domain}'` })
    return { value, rememberedMs: atMs }
  }
}
