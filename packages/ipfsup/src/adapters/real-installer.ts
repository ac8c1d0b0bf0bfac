/** How a release gets here outside of tests: `installer` of the domain, put together. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Io } from '@ipkit/core/cli/io'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { AppError } from '@ipkit/core/errors/app-error'
import { diskFs } from '@ipkit/core/storage/storage-fs'
import type { HomeState } from '../domain/home-state.ts'
import { installer, type Installer } from '../domain/install-release.ts'
import { decodeLockFile, lockKey } from '../domain/lock-file.ts'
import type { Origin } from '../domain/origin.ts'
import type { Place, Settings } from '../domain/place.ts'
import type { ReleaseStore } from '../domain/release-store.ts'
import { downloadArchive } from './download.ts'
import { findNpm } from './npm-program.ts'
import { npmRelease } from './npm-release.ts'
import { tryRelease } from './try-release.ts'
import { unpackArchive } from './unpack-archive.ts'

export interface RealInstaller {
  readonly io: Io
  readonly host: HostFacts
  readonly place: Place
  readonly settings: Settings
  readonly state: HomeState
  readonly releases: ReleaseStore
  readonly httpsOrigins: readonly Origin[]
  /** @throws AppError that says why there is no way over ipfs */
  ipfsOrigin(signal: AbortSignal): Promise<Origin>
  /** `data/` of this package. */
  readonly dataFolder: string
  /** What npm says, line by line. */
  npmLog(line: string): void
}

export async function realInstaller ({ io, host, place, settings, state, releases, httpsOrigins, ipfsOrigin, dataFolder, npmLog }: RealInstaller): Promise<Installer> {
  const known = path.join(dataFolder, 'known.json')
  const shipped = decodeLockFile(await readFile(known, 'utf8'), known)
  const npm = npmRelease({ npm: findNpm(host.execPath, io.env), node: host.execPath, env: io.env, registry: settings.npmRegistry, dataFolder, log: npmLog })
  return installer({
    platform: place.platform,
    httpsOrigins,
    ipfsOrigin,
    clock: io.clock,
    state,
    releases,
    report: io.report,
    shippedHash: (version, architecture) => shipped.get(lockKey(version, architecture)),
    download: async (what, options) => await downloadArchive({ fs: diskFs, clock: io.clock }, what, options),
    unpack: unpackArchive,
    npm: { fill: async (version, folder, signal, onProgress) => await npm.fill(version, folder, signal, (packages, of) => { onProgress(`installing js-ipfs: package ${packages} of ${of}`) }) },
    tryRelease: async (folder, version, signal) => await tryRelease(folder, version, { path: io.env['PATH'] ?? '', signal }),
  })
}

/** What `auto` says of ipfs where nobody could be asked over it. */
export const noWayOverIpfs = (): AppError => new AppError('ORIGIN_UNREACHABLE', 'no daemon runs, and the shared node knows nobody to ask', { exit: 'unreachable', hints: ['name somebody who has it: IPFSUP_PEERS=<multiaddr>', "or let the shared node join the public network: 'ipkit config set publicNetwork on'"] })
