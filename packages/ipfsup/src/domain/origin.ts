import type { Platform } from './platform.ts'
import type { Version } from './version.ts'

export interface Release { readonly version: Version, readonly platform: Platform }

export type TransportName = 'ipfs' | 'https'

/**
 * Somebody who lists, describes and hands out releases of Kubo: a dist tree over https, the releases of a GitHub repository, a dist tree on
 * IPFS. What it says is data from outside; `trust.ts` decides what to believe.
 */
export interface Origin {
  /** As it is configured: `https://dist.ipfs.tech`, `/ipns/dist.ipfs.tech`, `/ipfs/bafy...`. */
  readonly name: string
  readonly transport: TransportName
  /**
   * All versions of Kubo and go-ipfs that it lists, in no order that means anything; lines that are none are left out.
   * @returns undefined where it keeps no list
   * @throws AppError ORIGIN_UNREACHABLE (exit unreachable), ORIGIN_ANSWER_INVALID (exit refused); the signal's reason
   */
  versions(signal: AbortSignal): Promise<VersionList | undefined>
  /**
   * What it says of one archive.
   * @returns undefined: it does not have this version
   * @throws AppError NO_BUILD (exit notFound): it has the version, but not for this platform; as `versions`
   */
  claim(release: Release, signal: AbortSignal): Promise<Claim | undefined>
  /**
   * The archive's bytes from `fromByte` on, or from the start where it cannot do that.
   * @throws AppError ORIGIN_UNREACHABLE; the source throws the same when it breaks off or stalls
   */
  open(claim: Claim, fromByte: number, signal: AbortSignal): Promise<ArchiveStream>
}

export interface VersionList { readonly versions: readonly Version[], readonly host: string }

export interface Claim {
  /** `Origin.name`. */
  readonly origin: string
  readonly transport: TransportName
  /** Who answered in the end: `host:port` behind all redirects; the name of the DNSLink; the root CID where one is pinned. */
  readonly host: string
  /** Others on the way to that answer, each of which could have led to another: two claims that share anybody are one voice. Absent: nobody. */
  readonly redirectedBy?: readonly string[]
  /** What stands behind it: TLS to that host; an answer of DNS and what hangs on it by hash; a root that the user pinned. */
  readonly proof: 'https' | 'dnslink' | 'pinned'
  /** `kubo_v0.43.0_linux-amd64.tar.gz`; its end says how to unpack it. */
  readonly fileName: string
  /** 128 digits in lower case; absent where it gives none. */
  readonly sha512: string | undefined
  /** Canonical CID; absent where it gives none. */
  readonly cid: string | undefined
  /** Where it lies, in the origin's own terms: a URL, a path below the root. */
  readonly link: string
}

/** Who has an archive, and what it says of it. */
export interface DownloadSource { readonly origin: Origin, readonly claim: Claim }

export interface ArchiveStream {
  /** `fromByte` of the call, or 0. */
  readonly fromByte: number
  /** Of the whole archive, where the origin says it. */
  readonly totalBytes: number | undefined
  readonly source: AsyncIterable<Uint8Array>
}
