import type { Platform } from './platform.ts'

/** Where everything of ipfsup lies. Absolute paths. docs/formats/ipfsup.md says what is in each. */
export interface Place {
  /** `$IPFSUP_HOME`, else `~/.ipfsup`: shim, default, history, lock file, settings. */
  readonly home: string
  /** `$IPFS_PATH`, else `~/.ipfs`: the Kubo repo, and the releases below it. */
  readonly ipfsPath: string
  /** `<ipfsPath>/releases` */
  readonly releases: string
  /** `<ipfsPath>/js-repo`: what a js release gets as its IPFS_PATH. */
  readonly jsRepo: string
  readonly platform: Platform
}

/** What `config.json` in the home and the environment say; the environment goes first. */
export interface Settings {
  /** Base URLs without a slash at the end. https only, loopback excepted. */
  readonly origins: readonly string[]
  /** A CID that stands in for the DNSLink of dist.ipfs.tech. */
  readonly distCid: string | undefined
  /** Multiaddrs, contact names or peer ids that the shared node connects to for the ipfs transport. */
  readonly peers: readonly string[]
  /** For npm's `--registry`; undefined: npm's own setting. */
  readonly npmRegistry: string | undefined
}
