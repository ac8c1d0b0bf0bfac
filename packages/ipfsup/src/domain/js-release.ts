/** Js-ipfs as it is installed: npm packages by a lock file that ipfsup ships, and a script that runs them. Pure. */
import { AppError } from '@ipkit/core/errors/app-error'
import { answer, check, record, string } from '@ipkit/core/schema/schema'
import { shellQuoted } from './shim-script.ts'
import { formatVersion, type Version } from './version.ts'

/** The npm package that js-ipfs is. */
export const JS_PACKAGE = 'ipfs'
/** Those that ipfsup has a lock file for, lowest first. The project has ended with the last. */
export const JS_SEMVERS: readonly string[] = ['0.66.1']
export const JS_VERSIONS: readonly Version[] = JS_SEMVERS.map(semver => ({ lang: 'js', semver }))
const PROGRAM = `node_modules/${JS_PACKAGE}/src/cli.js`

/** The folder of a version's lock file, below `data`. @throws AppError VERSION_UNKNOWN (exit notFound) */
export function lockFolder (version: Version): string {
  if (version.lang === 'js' && JS_SEMVERS.includes(version.semver)) return `js-${version.semver}`
  throw new AppError('VERSION_UNKNOWN', `ipfsup cannot install ${formatVersion(version)}`, { exit: 'notFound', hints: [`of js-ipfs there is ${JS_SEMVERS.map(semver => `js-v${semver}`).join(', ')}`] })
}

export interface NpmLock {
  /** Of the package of js-ipfs itself, in hex. */
  readonly sha512: string
  /** That npm installs. */
  readonly packages: number
}

const LOCK = answer({ packages: record(string({ max: 512 }), answer({}), { max: 10_000 }) })
const PACKAGE = answer({ integrity: string({ max: 256, pattern: /^sha512-[A-Za-z0-9+/]{86}==$/, what: 'a SHA-512 in base64' }) })

/** @param json of `package-lock.json`, which is our own: what is wrong with it is an error of the program */
export function readNpmLock (json: unknown): NpmLock {
  const { packages } = check(LOCK, json, 'package-lock.json')
  const all = (json as { readonly packages: Readonly<Record<string, { readonly optional?: boolean, readonly dev?: boolean }>> }).packages
  const own = check(PACKAGE, all[`node_modules/${JS_PACKAGE}`], 'package-lock.json: ipfs')
  const sha512 = Uint8Array.from(atob(own.integrity.slice('sha512-'.length)), c => c.charCodeAt(0))
  return {
    sha512: Array.from(sha512, byte => byte.toString(16).padStart(2, '0')).join(''),
    packages: Object.keys(packages).filter(key => key !== '' && all[key]?.optional !== true && all[key]?.dev !== true).length,
  }
}

/** What only developers read, and is half of the files: types, and sources of what was compiled. @param name of a file in a package */
export const isDispensable = (name: string): boolean => /\.(?:map|ts|mts|cts|tsbuildinfo)$/.test(name)

/**
 * `<release>/ipfs`. It finds the packages beside itself, so it may be moved with them. Its repo is `js-repo` in what `IPFS_PATH` names, since Kubo and
 * js-ipfs must not share one; where the shim has said so already, that holds.
 * @param node absolute path of the node that ipfsup itself runs with; where that is gone, the one in PATH is taken
 */
export function jsLauncher (version: Version, node: string): string {
  return `#!/bin/sh
# js-ipfs ${version.semver}, installed by ipfsup.
self=$0
[ ! -L "$self" ] || self=$(readlink -f -- "$self")
case $self in */*) here=\${self%/*} ;; *) here=. ;; esac

# Kubo has its repo in IPFS_PATH, js-ipfs in js-repo below it.
if [ -z "\${IPFSUP_ROOT-}" ] || [ "\${IPFS_PATH-}" != "$IPFSUP_ROOT/js-repo" ]; then
  [ -n "\${IPFS_PATH-}\${HOME-}" ] || { echo 'ipfs: neither IPFS_PATH nor HOME is set' >&2; exit 1; }
  IPFSUP_ROOT=\${IPFS_PATH:-$HOME/.ipfs}
  IPFS_PATH=$IPFSUP_ROOT/js-repo
  export IPFSUP_ROOT IPFS_PATH
fi

# It would ask the npm registry for news of itself; there are none.
NO_UPDATE_NOTIFIER=1
export NO_UPDATE_NOTIFIER

node=${shellQuoted(node)}
[ -x "$node" ] || node=node
exec "$node" "$here/${PROGRAM}" "$@"
`
}
