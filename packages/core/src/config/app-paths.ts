import path from 'node:path'
import { AppError } from '../errors/app-error.ts'
import type { HostFacts } from './host-facts.ts'

/** Everything a home directory holds. All absolute. Who makes which: docs/formats/home.md. */
export interface AppPaths {
  readonly home: string
  /** `node.sock`; reach it through `withSocketPath`, since the kernel's limit is about 100 bytes. */
  readonly socket: string
  readonly nodeJson: string
  readonly log: string
  readonly config: string
  readonly identityKey: string
  /** Named keys, one file each. */
  readonly keys: string
  readonly contacts: string
  readonly leases: string
  /** Last time this node wrote anything durable: the evidence against a clock set back. */
  readonly clockEvidence: string
  /** Ports that were assigned, so that addresses stay valid after a restart. */
  readonly ports: string
  readonly services: string
  /** One folder for each service. */
  readonly data: string
  readonly datastore: string
  readonly blocks: string
}

export interface HomeChoice {
  /** `--home`; relative to `cwd`. */
  readonly home?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly host: HostFacts
}

/**
 * `--home`, else `IPKIT_HOME`, else the platform's data directory; never a temp directory.
 * @throws AppError HOME_UNKNOWN, PLATFORM_UNSUPPORTED
 */
export function appPaths (choice: HomeChoice): AppPaths {
  return pathsIn(findHome(choice))
}

function findHome ({ home, env, cwd, host }: HomeChoice): string {
  if (host.platform === 'win32') throw new AppError('PLATFORM_UNSUPPORTED', 'Windows is not supported yet', { hints: ['run it inside WSL'] })
  if (home === '') throw new AppError('HOME_UNKNOWN', '--home is empty', { exit: 'usage' })
  const chosen = home ?? nonEmpty(env['IPKIT_HOME'])
  if (chosen !== undefined) return path.resolve(cwd, chosen)
  const user = nonEmpty(env['HOME']) ?? host.userHome
  if (host.platform === 'darwin' && user !== undefined) return path.join(user, 'Library', 'Application Support', 'ipkit')
  const xdg = env['XDG_DATA_HOME']
  // The XDG specification tells to ignore a relative path.
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, 'ipkit')
  if (user !== undefined && path.isAbsolute(user)) return path.join(user, '.local', 'share', 'ipkit')
  throw new AppError('HOME_UNKNOWN', 'this user has no home directory', { exit: 'usage', hints: ['name a directory: --home DIR or IPKIT_HOME=DIR'] })
}

const nonEmpty = (text: string | undefined): string | undefined => text === '' ? undefined : text

/** @param home absolute */
export function pathsIn (home: string): AppPaths {
  const at = (name: string): string => path.join(home, name)
  return {
    home, socket: at('node.sock'), nodeJson: at('node.json'), log: at('node.log'), config: at('config.json'), identityKey: at('identity.key'), keys: at('keys'),
    contacts: at('contacts.json'), leases: at('leases.json'), clockEvidence: at('clock.json'), ports: at('ports.json'), services: at('services'), data: at('data'),
    datastore: at('datastore'), blocks: at('blocks'),
  }
}
