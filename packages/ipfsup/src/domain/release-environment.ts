import { MAX_SHIM_DEPTH } from './shim-script.ts'
import type { Lang } from './version.ts'

/**
 * The environment of a release, as the shim gives it: docs/formats/ipfsup.md, "The shim".
 * @param ipfsPath `Place.ipfsPath`: what IPFS_PATH means, also where a js release has called us
 */
export function releaseEnvironment (env: Readonly<Record<string, string | undefined>>, lang: Lang, ipfsPath: string): Record<string, string | undefined> {
  const { IPFSUP_ROOT: root, IPFS_PATH: given, ...others } = env
  const depth = /^\d{1,2}$/.test(env['IPFSUP_DEPTH'] ?? '') ? Math.min(Number(env['IPFSUP_DEPTH']), MAX_SHIM_DEPTH - 1) : 0
  const inner = { ...others, IPFSUP_DEPTH: String(depth + 1) }
  if (lang === 'js') return { ...inner, IPFSUP_ROOT: ipfsPath, IPFS_PATH: `${ipfsPath}/js-repo` }
  if (given === undefined || given === '') return inner
  return { ...inner, IPFS_PATH: ipfsPath, ...root === undefined || root === '' || given === `${root}/js-repo` ? {} : { IPFSUP_ROOT: root } }
}
