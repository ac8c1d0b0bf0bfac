import path from 'node:path'
import type { Io } from '@ipkit/core/cli/io'
import { processFacts } from '@ipkit/core/cli/process-facts'
import type { BuiltTool } from '@ipkit/core/cli/shared-node-door'
import { appPaths, type AppPaths } from '@ipkit/core/config/app-paths'
import type { IpfsupDeps } from '../commands/deps.ts'
import type { Origin } from '../domain/origin.ts'
import type { Place } from '../domain/place.ts'
import { architectureOf, platformOf } from '../domain/platform.ts'
import { placeOf } from './place-of.ts'

/** What the commands get outside of tests. */
export function realDeps (tool: BuiltTool): IpfsupDeps {
  const host = processFacts()
  const dataFolder = path.join(tool.dist, '../data')
  const script = path.join(tool.dist, '../bin/ipfsup.js')
  const nodePaths = (io: Io): AppPaths => appPaths({ home: io.flags.home, env: io.env, cwd: io.cwd, host })
  const place = (io: Io): Place => placeOf({ env: io.env, cwd: io.cwd, host, platform: platformOf(host.platform, process.arch) })
  const npmLog = (io: Io) => (line: string): void => { io.log.info('npm', { line }) }
  const onWait = (io: Io) => (): void => { io.report.progress({ step: 'waiting for another ipfsup' }) }

  const settings: IpfsupDeps['settings'] = async io => await (await import('./home-settings.ts')).homeSettings(place(io).home, io.env, host.euid)
  const state: IpfsupDeps['state'] = async io => await (await import('./home-files.ts')).homeFiles({ home: place(io).home, euid: host.euid, clock: io.clock, onWait: onWait(io) })
  const releases: IpfsupDeps['releases'] = async io => {
    const { releases: folder, platform } = place(io)
    return (await import('./release-folder.ts')).releaseFolder({ folder, architecture: architectureOf(platform), euid: host.euid, clock: io.clock })
  }
  const httpsOrigins = async (io: Io): Promise<readonly Origin[]> => {
    const { httpsOrigin } = await import('./https-origin.ts')
    return (await settings(io)).origins.map(base => httpsOrigin({ env: io.env, clock: io.clock }, base))
  }
  const ipfsTransport = async (io: Io, signal: AbortSignal): Promise<{ readonly origin: Origin, readonly inReach: boolean }> => {
    const [{ openIpfsTransport }, { dnsTxt }] = await Promise.all([import('./ipfs-transport.ts'), import('@ipkit/core/net/dns-txt')])
    return await openIpfsTransport({
      place: place(io),
      settings: await settings(io),
      node: io.node,
      addressesOf: async peer => await addressesOf(nodePaths(io).contacts, peer),
      publicNetwork: async () => (await import('@ipkit/core/config/read-config')).readConfig(nodePaths(io).config, io.env).publicNetwork,
      resolveTxt: dnsTxt(),
    }, signal)
  }

  const latest: IpfsupDeps['latest'] = async (io, transport) => {
    const [{ latestSource }, { latestOver }, { JS_VERSIONS }, known] = await Promise.all([import('../domain/resolve-version.ts'), import('../domain/latest-over.ts'), import('../domain/js-release.ts'), state(io)])
    const from = (origins: readonly Origin[]): ReturnType<typeof latestSource> => latestSource({ origins, jsVersions: JS_VERSIONS, state: known, clock: io.clock })
    if (transport === 'ipfs') return from([(await ipfsTransport(io, io.signal)).origin])
    const https = from(await httpsOrigins(io))
    return transport === 'https' ? https : latestOver(https, async () => {
      const { inReach, origin } = await ipfsTransport(io, io.signal)
      return inReach ? from([origin]) : undefined
    })
  }

  const deps: Omit<IpfsupDeps, 'doctor'> = {
    place,
    settings,
    state,
    pins: async () => (await import('./pin-files.ts')).pinFiles(host.euid),
    releases,
    repo: async io => (await import('./kubo-repo.ts')).kuboRepo({ place: place(io), env: io.env, clock: io.clock }),
    latest,
    installer: async io => {
      const { noWayOverIpfs, realInstaller } = await import('./real-installer.ts')
      return await realInstaller({
        io, host, dataFolder, npmLog: npmLog(io), place: place(io), settings: await settings(io), state: await state(io), releases: await releases(io), httpsOrigins: await httpsOrigins(io),
        ipfsOrigin: async signal => {
          const { inReach, origin } = await ipfsTransport(io, signal)
          if (!inReach) throw noWayOverIpfs()
          return origin
        },
      })
    },
    programs: async io => (await import('./run-release.ts')).releasePrograms({ place: place(io), env: io.env }),
    setup: async io => (await import('./machine-setup.ts')).machineSetup({ place: place(io), env: io.env, host, script, npmRegistry: (await settings(io)).npmRegistry, log: npmLog(io) }),
    auto: async io => (await import('./machine-auto.ts')).machineAuto({ place: place(io), env: io.env, host, clock: io.clock, state: await state(io), script }),
    nodeControl: async io => await (await import('@ipkit/core/cli/node-control')).nodeControl(tool, io),
  }
  return {
    ...deps,
    doctor: async io => {
      const [{ machineDoctor }, { machineProbes }] = await Promise.all([import('./machine-doctor.ts'), import('./machine-probes.ts')])
      return machineDoctor(deps, io, machineProbes(host, io.env))
    },
  }
}

/** @param peer a peer id, a contact's name or a multiaddr @returns its multiaddrs, or its peer id alone where none is known */
async function addressesOf (contacts: string, peer: string): Promise<readonly string[]> {
  const [{ readContacts }, { resolvePeer }] = await Promise.all([import('@ipkit/core/identity/contacts-file'), import('@ipkit/core/identity/contacts')])
  const { addresses, peerId } = resolvePeer(await readContacts(contacts), peer)
  return addresses.length > 0 || peerId === undefined ? addresses : [peerId]
}
