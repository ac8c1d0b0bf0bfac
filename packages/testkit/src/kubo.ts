import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ran } from './person.ts'

const START_MS = 60_000
const STOP_MS = 20_000

type Config = Readonly<Record<string, unknown>>

/**
 * A real Kubo with a repo of its own, which listens on 127.0.0.1 and looks for nobody. Disposing stops it; whoever gave the folder removes it.
 */
export class Kubo implements AsyncDisposable {
  /** For `IPFS_PATH`. */
  readonly repo: string
  /** Where its commands run, and where `ipfs get` saves. */
  readonly folder: string
  readonly #env: Readonly<Record<string, string>>
  #daemon: ChildProcess | undefined

  private constructor (binary: string, folder: string) {
    this.folder = folder
    this.repo = path.join(folder, 'repo')
    const bin = path.join(folder, 'bin')
    mkdirSync(bin, { recursive: true })
    symlinkSync(binary, path.join(bin, 'ipfs'))
    this.#env = { PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`, HOME: folder, IPFS_PATH: this.repo, IPFS_TELEMETRY: 'off', DO_NOT_TRACK: '1' }
  }

  /** Resolves when its daemon answers. @param binary absolute path @param folder is made */
  static async start (binary: string, folder: string): Promise<Kubo> {
    const kubo = new Kubo(binary, folder)
    await kubo.must('ipfs init')
    await kubo.must('ipfs bootstrap rm --all')
    const file = path.join(kubo.repo, 'config')
    writeFileSync(file, JSON.stringify(loopbackOnly(JSON.parse(readFileSync(file, 'utf8')) as Config), undefined, 2))
    await kubo.#startDaemon()
    return kubo
  }

  async #startDaemon (): Promise<void> {
    const said: string[] = []
    const daemon = spawn('ipfs', ['daemon', '--migrate=false'], { cwd: this.folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#daemon = daemon
    for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (chunk: Buffer) => { said.push(chunk.toString()) })
    daemon.once('error', e => { said.push(e.message) })
    const untilMs = Date.now() + START_MS
    while (!existsSync(path.join(this.repo, 'api')) || !said.join('').includes('Daemon is ready')) {
      if (daemon.exitCode === null && daemon.signalCode === null && Date.now() < untilMs) { await sleep(50); continue }
      await this[Symbol.asyncDispose]()
      throw new Error(`Kubo did not start: ${said.join('')}`)
    }
  }

  /** Runs a line as a user pastes it into a shell. */
  async paste (line: string): Promise<Ran> {
    const shell = spawn('/bin/sh', ['-c', line], { cwd: this.folder, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    shell.stdout.on('data', (chunk: Buffer) => { out.push(chunk) })
    shell.stderr.on('data', (chunk: Buffer) => { err.push(chunk) })
    const exit = await new Promise<number | null>((resolve, reject) => { shell.once('error', reject); shell.once('close', resolve) })
    return { exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
  }

  /** @returns what it printed @throws Error when it failed */
  async must (line: string): Promise<string> {
    const { exit, stdout, stderr } = await this.paste(line)
    if (exit !== 0) throw new Error(`${line} ended with ${exit}: ${stderr}`)
    return stdout.trim()
  }

  /** Its TCP address on 127.0.0.1, ending in its peer id. */
  async address (): Promise<string> {
    const { ID, Addresses } = JSON.parse(await this.must('ipfs id')) as { ID: string, Addresses: readonly string[] }
    const address = Addresses.find(text => /^\/ip4\/127\.0\.0\.1\/tcp\/[0-9]+\/p2p\//.test(text))
    if (address === undefined) throw new Error(`Kubo ${ID} has no TCP address on 127.0.0.1: ${Addresses.join(', ')}`)
    return address
  }

  /** The sockets of its daemon that are not on 127.0.0.1, as `ss` tells them; none is as it should be. */
  async outsideSockets (): Promise<string[]> {
    const lines = (await this.must('ss -tunapH')).split('\n').filter(line => line.includes(`pid=${this.#daemon?.pid ?? 0},`))
    if (lines.length === 0) throw new Error('ss does not show the sockets of Kubo')
    return lines.filter(line => !/^\S+ +\S+ +\d+ +\d+ +127\.0\.0\.1:\d+ +(?:127\.0\.0\.1:\d+|0\.0\.0\.0:\*)(?: |$)/.test(line))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    const daemon = this.#daemon
    if (daemon === undefined || daemon.pid === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return
    const gone = new Promise<void>(resolve => { daemon.once('close', () => { resolve() }) })
    const tooLong = setTimeout(() => { daemon.kill('SIGKILL') }, STOP_MS)
    daemon.kill('SIGTERM')
    await gone
    clearTimeout(tooLong)
  }
}

/** @param config as `ipfs init` made it, of any version: what a version does not know it passes over */
function loopbackOnly (config: Config): Config {
  const part = (name: string): Config => (config[name] ?? {}) as Config
  return {
    ...config,
    Addresses: { ...part('Addresses'), Swarm: ['/ip4/127.0.0.1/tcp/0'], API: '/ip4/127.0.0.1/tcp/0', Gateway: '/ip4/127.0.0.1/tcp/0', Announce: [], AppendAnnounce: [] },
    Bootstrap: [],
    Routing: { Type: 'none', DelegatedRouters: [] },
    Ipns: { ...part('Ipns'), DelegatedPublishers: [] },
    DNS: { Resolvers: {} },
    AutoConf: { Enabled: false }, // and so no 'auto' anywhere above
    AutoTLS: { Enabled: false },
    AutoNAT: { ServiceMode: 'disabled' },
    Discovery: { MDNS: { Enabled: false } },
    HTTPRetrieval: { Enabled: false },
    Version: { SwarmCheckEnabled: false },
    // Since 0.38 one section; a Kubo that has it refuses to start with the older two.
    ...'Provide' in config ? { Provide: { Enabled: false } } : { Provider: { Enabled: false }, Reprovider: { Interval: '0' } },
    Swarm: {
      ...part('Swarm'),
      DisableNatPortMap: true,
      EnableHolePunching: false,
      RelayClient: { Enabled: false },
      RelayService: { Enabled: false },
      Transports: { Network: { TCP: true, QUIC: false, Relay: false, WebTransport: false, WebRTCDirect: false, Websocket: false }, Security: {}, Multiplexers: {} },
    },
  }
}
