import { AppError } from '@ipkit/core/errors/app-error'
import { runCli, type CliRun, type CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { cli } from '../src/cli.ts'
import type { IpfsupDeps } from '../src/commands/deps.ts'
import type { Finding } from '../src/domain/doctor.ts'
import type { HomeState, LockedHash, SeenLatest } from '../src/domain/home-state.ts'
import type { InstallAsk, Installed } from '../src/domain/install-release.ts'
import type { Pin } from '../src/domain/pin-file.ts'
import type { Settings } from '../src/domain/place.ts'
import type { InstalledRelease } from '../src/domain/release-store.ts'
import type { Latest } from '../src/domain/resolve-version.ts'
import type { SetupPlan } from '../src/domain/setup.ts'
import { compareVersions, formatVersion, isPrerelease, parseVersion, sameVersion, type Lang, type Version } from '../src/domain/version.ts'

export const NOW = Date.UTC(2026, 0, 15, 12)
export const HOUR = 3_600_000
const HOME = '/home/kim'
const ARCHITECTURE = 'linux-amd64'

export const v = (text: string): Version => parseVersion(text)

/** A release as the memory world installs it. */
export function releaseOf (text: string, more: Partial<InstalledRelease> = {}): InstalledRelease {
  const version = v(text)
  const path = `${HOME}/.ipfs/releases/${formatVersion(version)}/${ARCHITECTURE}`
  const js = version.lang === 'js'
  return {
    version, architecture: ARCHITECTURE, transport: js ? 'npm' : 'https', origin: js ? 'ipfs' : 'https://dist.ipfs.tech', sha512: 'ab'.repeat(64),
    cid: js ? undefined : 'bafybeibml5uieyxa5tufngvg7fgwbkwvlsuntwbxgtskoqynbt7wlchmfm', repoVersion: js ? undefined : 18, installedMs: NOW - 24 * HOUR, path, program: `${path}/ipfs`, ...more,
  }
}

/** Everything of ipfsup but its commands, in memory: what a test sets is what they find. */
export class MemoryWorld {
  installed: InstalledRelease[] = []
  /** What the origins have, lowest first. */
  remote: Version[] = ['v0.41.0', 'v0.42.0', 'v0.43.0', 'v0.44.0-rc1', 'js-v0.66.1'].map(v)
  /** `installer.install` throws it. */
  installError: AppError | undefined
  because: readonly string[] = []
  resumedBytes = 0
  unreachable = false
  failures: Latest['failures'] = []
  byDefault: Version | undefined
  past: Version[] = []
  readonly aliases = new Map<Lang, Version>()
  readonly seen = new Map<string, SeenLatest>()
  readonly overrides = new Map<string, string>()
  readonly pins = new Map<string, Pin>()
  readonly locked = new Map<string, LockedHash>()
  readonly damaged = new Map<string, readonly string[]>()
  readonly running = new Set<string>()
  leftovers: Array<{ readonly path: string, readonly sizeBytes: number }> = []
  autoOn = false
  checked: number | undefined
  notice: string | undefined
  scheduler: { readonly scheduler: string, readonly file: string } | undefined = { scheduler: 'systemd', file: `${HOME}/.config/systemd/user/ipfsup-auto.timer` }
  scheduledOn = false
  lookedBehind = 0
  leftBehind: Version | undefined
  repoVersion: number | undefined
  busy: string | undefined
  mirrored: { config: string | undefined, written: string | undefined } = { config: undefined, written: undefined }
  findings: Finding[] = []
  settings: Settings = { origins: ['https://dist.ipfs.tech', 'https://github.com/ipfs/kubo/releases/download'], distCid: undefined, peers: [], npmRegistry: undefined }
  plan: SetupPlan = {
    shim: `${HOME}/.ipfsup/bin/ipfs`, shimState: 'current', shell: 'bash', shellFile: `${HOME}/.bashrc`, blockState: 'current', found: `${HOME}/.ipfsup/bin/ipfs`,
    block: `# >>> ipfsup >>>\nexport PATH="${HOME}/.ipfsup/bin:$PATH"\n# <<< ipfsup <<<\n`,
  }
  own: Awaited<ReturnType<Awaited<ReturnType<IpfsupDeps['setup']>>['ownInstall']>> = { kind: 'npm-global', prefix: '/usr/local' }
  /** In order: what was done that leaves no trace in the fields above. */
  readonly did: string[] = []

  readonly state: HomeState = {
    default: async () => this.byDefault,
    history: async () => this.past,
    setDefault: async (version, history) => { this.byDefault = version; this.past = [...history] },
    alias: async lang => this.aliases.get(lang),
    setAlias: async (lang, version) => { this.aliases.set(lang, version) },
    latest: async (lang, pre) => this.seen.get(`${lang} ${pre}`),
    setLatest: async (lang, pre, seen) => { this.seen.set(`${lang} ${pre}`, seen) },
    override: async folder => this.overrides.get(folder),
    setOverride: async (folder, version) => { if (version === undefined) this.overrides.delete(folder); else this.overrides.set(folder, version) },
    overrides: async () => [...this.overrides].map(([folder, version]) => ({ folder, version })),
    lockedHash: async version => this.locked.get(formatVersion(version)),
    lockHash: async (version, _architecture, hash) => { this.locked.set(formatVersion(version), hash) },
    locked: async (_signal, work) => await work(),
    left: async () => this.leftBehind,
    setLeft: async version => { this.leftBehind = version },
    auto: async () => this.autoOn,
    setAuto: async on => { this.autoOn = on },
    checkedMs: async () => this.checked,
    setCheckedMs: async ms => { this.checked = ms },
    setNotice: async text => { this.notice = text },
  }

  readonly releases: Awaited<ReturnType<IpfsupDeps['releases']>> = {
    list: async () => this.installed,
    find: async version => this.installed.find(r => sameVersion(r.version, version)),
    sizeBytes: async ({ version }) => version.lang === 'js' ? 154_000_000 : 121_300_000,
    locked: async (_version, _onWait, _signal, work) => await work(),
    partFile: async version => `${HOME}/.ipfs/releases/.partial/${formatVersion(version)}.part`,
    publish: async () => { throw new Error('commands publish nothing') },
    remove: async ({ version }) => {
      if (this.running.has(formatVersion(version))) throw new AppError('RELEASE_IN_USE', `${formatVersion(version)} is running`, { exit: 'busy', hints: ["stop it: 'ipfs shutdown'"] })
      this.installed = this.installed.filter(r => !sameVersion(r.version, version))
    },
    verify: async ({ version }) => this.damaged.get(formatVersion(version)) ?? [],
    clean: async dryRun => {
      const found = this.leftovers
      if (!dryRun) this.leftovers = []
      return found
    },
  }

  readonly repo: Awaited<ReturnType<IpfsupDeps['repo']>> = {
    version: async () => this.repoVersion,
    busy: async () => this.busy,
    migrateDown: async (newer, to) => { this.did.push(`${formatVersion(newer.version)} migrates to ${to}`); this.repoVersion = to },
    backUpConfig: async () => `${HOME}/.ipfs/config.ipfsup-20260115T120000Z`,
    mirror: async version => {
      if (this.mirrored.config !== this.mirrored.written) return 'edited'
      this.mirrored = { config: version, written: version }
      return 'written'
    },
    mirrored: async () => this.mirrored,
  }

  async install ({ version, offline, transport }: InstallAsk): Promise<Installed> {
    const there = await this.releases.find(version)
    if (there !== undefined) return { release: there, fresh: false, resumedBytes: 0, because: [] }
    if (this.installError !== undefined) throw this.installError
    const name = formatVersion(version)
    if (offline) throw new AppError('NOT_INSTALLED_OFFLINE', `${name} is not installed, and --offline asks nobody for it`, { exit: 'unreachable', hints: ['leave --offline out'] })
    if (!this.remote.some(r => sameVersion(r, version))) throw new AppError('VERSION_UNKNOWN', `there is no version ${name}`, { exit: 'notFound', hints: ["see what there is: 'ipfsup ls --remote'"] })
    const release = releaseOf(name, transport === 'ipfs' ? { transport: 'ipfs', origin: '/ipns/dist.ipfs.tech' } : {})
    this.installed.push(release)
    return { release, fresh: true, resumedBytes: this.resumedBytes, because: this.because }
  }

  async latest (lang: Lang, { pre, offline }: { readonly pre: boolean, readonly offline: boolean }): Promise<Latest> {
    const before = this.seen.get(`${lang} ${pre}`)
    if (this.unreachable || offline) {
      if (before === undefined) throw new AppError('ORIGIN_UNREACHABLE', offline ? 'nothing is known of the latest version, and --offline asks nobody' : 'no origin can be reached: https://dist.ipfs.tech, https://github.com', { exit: 'unreachable', hints: ['check the network, then run the command again'] })
      return { version: before.answer, seen: before, remembered: true, failures: this.failures }
    }
    const version = this.remote.filter(r => r.lang === lang && (pre || !isPrerelease(r))).sort(compareVersions).at(-1)!
    const lower = before !== undefined && compareVersions(version, before.version) < 0
    const seen = { version: lower ? before.version : version, sinceMs: before?.sinceMs ?? NOW, answer: version, answeredMs: NOW }
    this.seen.set(`${lang} ${pre}`, seen)
    return { version, seen, remembered: false, failures: this.failures }
  }

  deps (): IpfsupDeps {
    return {
      place: () => ({ home: `${HOME}/.ipfsup`, ipfsPath: `${HOME}/.ipfs`, releases: `${HOME}/.ipfs/releases`, jsRepo: `${HOME}/.ipfs/js-repo`, platform: { os: 'linux', arch: 'amd64' } }),
      settings: async () => this.settings,
      state: async () => this.state,
      pins: async () => ({ read: async folder => this.pins.get(folder) }),
      releases: async () => this.releases,
      repo: async () => this.repo,
      latest: async () => ({
        versions: async lang => {
          if (this.unreachable) throw new AppError('ORIGIN_UNREACHABLE', 'no origin can be reached: https://dist.ipfs.tech, https://github.com', { exit: 'unreachable', hints: ['check the network, then run the command again'] })
          return this.remote.filter(r => r.lang === lang)
        },
        latest: async (lang, options) => await this.latest(lang, options),
      }),
      installer: async () => ({ install: async ask => await this.install(ask) }),
      programs: async () => ({ run: async (release, args) => { this.did.push(`ran ${[formatVersion(release.version), ...args].join(' ')}`); return 37 } }),
      setup: async () => ({
        plan: async () => this.plan,
        writeShim: async () => { this.did.push('wrote the shim') },
        addToPath: async () => { this.did.push('wrote the block') },
        removeFromPath: async () => { this.did.push('removed the block'); return [this.plan.shellFile] },
        removeHome: async () => { this.did.push('removed the home') },
        ownInstall: async () => this.own,
        updateSelf: async () => {
          if (this.own.kind === 'other') throw new AppError('SELF_NOT_NPM', `this ipfsup, in ${this.own.folder}, was not installed by 'npm install --global'`, { exit: 'refused', hints: ['update it the way it was installed'] })
          return '0.2.0'
        },
      }),
      auto: async () => ({
        schedule: async on => { this.scheduledOn = on; return this.scheduler },
        scheduled: async () => this.scheduledOn ? this.scheduler : undefined,
        runBehind: async () => { this.lookedBehind++ },
      }),
      doctor: async () => ({ look: () => { const { findings } = this; return (async function * () { yield * findings })() } }),
      nodeControl: async () => ({ status: async () => undefined, stop: async () => false, logLines: async () => ({ file: `${HOME}/node.log`, lines: [] }) }),
    }
  }

  async run (argv: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
    return await runCli(cli(this.deps()), argv, { cwd: `${HOME}/project`, ...options })
  }
}

/** A machine where things have happened: two Kubos, the newer one the default, and js-ipfs. */
export function usedWorld (): MemoryWorld {
  const world = new MemoryWorld()
  world.installed = ['v0.42.0', 'v0.43.0', 'js-v0.66.1'].map(text => releaseOf(text))
  world.past = [v('v0.42.0'), v('v0.43.0')]
  world.byDefault = v('v0.43.0')
  world.aliases.set('go', v('v0.43.0'))
  world.repoVersion = 18
  world.mirrored = { config: 'go-v0.43.0', written: 'go-v0.43.0' }
  world.seen.set('go false', { version: v('v0.43.0'), sinceMs: NOW - 72 * HOUR, answer: v('v0.43.0'), answeredMs: NOW - 30 * HOUR })
  return world
}
