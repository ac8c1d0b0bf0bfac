import path from 'node:path'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError } from '@ipkit/core/errors/app-error'
import type { Place } from '../domain/place.ts'
import type { Platform } from '../domain/platform.ts'

export interface PlaceChoice {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly host: Pick<HostFacts, 'userHome'>
  readonly platform: Platform
}

/** Where everything lies, by the environment as the shim reads it (docs/formats/ipfsup.md). @throws AppError HOME_UNKNOWN (exit usage) */
export function placeOf ({ env, cwd, host, platform }: PlaceChoice): Place {
  const named = (text: string | undefined): string | undefined => text === undefined || text === '' ? undefined : path.resolve(cwd, text)
  const user = (name: string, variable: string): string => {
    const home = named(env['HOME']) ?? host.userHome
    if (home === undefined) throw new AppError('HOME_UNKNOWN', `this user has no home directory for ${name}`, { exit: 'usage', hints: [`name a directory: ${variable}=DIR`] })
    return path.join(home, name)
  }
  const ipfsPath = rootOf(env, named(env['IPFS_PATH'])) ?? user('.ipfs', 'IPFS_PATH')
  return { home: named(env['IPFSUP_HOME']) ?? user('.ipfsup', 'IPFSUP_HOME'), ipfsPath, releases: path.join(ipfsPath, 'releases'), jsRepo: path.join(ipfsPath, 'js-repo'), platform }
}

/** What a js release calls has the IPFS_PATH that it was itself called with. */
function rootOf (env: PlaceChoice['env'], ipfsPath: string | undefined): string | undefined {
  const root = env['IPFSUP_ROOT']
  return root !== undefined && path.isAbsolute(root) && ipfsPath === path.join(root, 'js-repo') ? path.resolve(root) : ipfsPath
}
