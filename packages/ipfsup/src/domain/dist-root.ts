/** The root of the tree of releases: which CID `/ipns/dist.ipfs.tech` means now, or the one that the user has named for it. */
import { AppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { readDnsLink } from '@ipkit/core/link/dns-link'
import type { ResolveTxt } from '@ipkit/core/net/resolve-txt'
import { CID } from 'multiformats/cid'

export interface DistRoot {
  /** Canonical. */
  readonly cid: string
  readonly proof: 'dnslink' | 'pinned'
  /** As in a claim: the name of the DNSLink; the root itself where it is pinned. */
  readonly host: string
}

export interface DistRootDeps {
  /** `IPFSUP_DIST_CID` */
  readonly pinned: string | undefined
  /** A daemon that resolves names; undefined: there is none. */
  readonly daemon: { resolve(path: string, signal: AbortSignal): Promise<string> } | undefined
  readonly resolveTxt: ResolveTxt
}

const DIST_DOMAIN = 'dist.ipfs.tech'
const MAX_PATH_CHARACTERS = 512

/** As it stands in claims and messages. @param pinned as in the deps */
export const distName = (pinned: string | undefined): string => pinned === undefined ? `/ipns/${DIST_DOMAIN}` : `/ipfs/${pinned}`

/** @throws AppError DIST_ROOT_INVALID (exit usage): what is pinned is no CID; ORIGIN_UNREACHABLE; the signal's reason */
export async function findDistRoot ({ pinned, daemon, resolveTxt }: DistRootDeps, signal: AbortSignal): Promise<DistRoot> {
  if (pinned !== undefined) {
    if (!isCanonicalCid(pinned)) throw new AppError('DIST_ROOT_INVALID', `'${pinned.slice(0, 80)}' is not a CID in its canonical form`, { exit: 'usage', hints: ['IPFSUP_DIST_CID, or distCid in the config, is the CID of a dist tree: Qm… or bafy…'] })
    return { cid: pinned, proof: 'pinned', host: pinned }
  }
  const told = await daemon?.resolve(distName(undefined), signal).then(rootOf).catch(() => undefined) // it may have no DNS
  return { cid: told ?? rootOf(await resolveDnsLink(resolveTxt, signal)), proof: 'dnslink', host: DIST_DOMAIN }
}

async function resolveDnsLink (resolveTxt: ResolveTxt, signal: AbortSignal): Promise<string> {
  for (const host of [`_dnslink.${DIST_DOMAIN}`, DIST_DOMAIN]) {
    const link = readDnsLink(await resolveTxt(host, signal).catch((e: unknown) => {
      signal.throwIfAborted()
      throw new AppError('ORIGIN_UNREACHABLE', `the DNS does not say where ${distName(undefined)} leads`, { exit: 'unreachable', cause: e, hints: [PIN_HINT] })
    }), MAX_PATH_CHARACTERS)
    if (link !== undefined) return link
  }
  throw new AppError('ORIGIN_UNREACHABLE', `${DIST_DOMAIN} has no DNSLink now`, { exit: 'unreachable', hints: [PIN_HINT] })
}

/** @throws AppError ORIGIN_UNREACHABLE for a path that is not one CID */
function rootOf (path: string): string {
  const [, text] = /^\/ipfs\/([^/]+)\/?$/.exec(path) ?? []
  try {
    if (text !== undefined) return CID.parse(text).toString()
  } catch { /* said below */ }
  throw new AppError('ORIGIN_UNREACHABLE', `${distName(undefined)} leads to ${JSON.stringify(path.slice(0, 80))}, which is no root of a tree`, { exit: 'unreachable', hints: [PIN_HINT] })
}

const PIN_HINT = 'IPFSUP_DIST_CID=<CID> names the tree without DNS'
