import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Person, type Ran, type RunOptions } from '@ipkit/testkit/person'
import { testAuthority } from '@ipkit/testkit/releases/certificates'
import { DistSite, fakeArchive } from '@ipkit/testkit/releases/dist-site'
import { serveSite, type ServedSite } from '@ipkit/testkit/releases/serve-site'
import { cidOf } from '@ipkit/testkit/releases/unixfs-tree'
import { platformOf } from '../../packages/ipfsup/src/domain/platform.ts'

export const { os: SYSTEM, arch: ARCH } = platformOf(process.platform, process.arch)
export const ARCHITECTURE = `${SYSTEM}-${ARCH}`

/** What `ipfsup update --json` prints. */
export interface Updated {
  readonly version: string
  readonly previous: string | null
  readonly transport: string
  readonly path: string
  readonly sha512: string
  readonly cid: string | null
  readonly resumedBytes: number
}

/** Somebody with ipfsup, and two servers of releases over HTTPS, called localhost and 127.0.0.1: one with the layout of dist.ipfs.tech, one with that of GitHub. */
export class IpfsupScene implements AsyncDisposable {
  readonly folder: string
  readonly site = new DistSite()
  readonly dist: ServedSite
  readonly github: ServedSite
  readonly person: Person
  readonly env: Readonly<Record<string, string>>

  private constructor (parts: Pick<IpfsupScene, 'folder' | 'dist' | 'github' | 'person' | 'env' | 'site'>) {
    this.folder = parts.folder
    this.site = parts.site
    this.dist = parts.dist
    this.github = parts.github
    this.person = parts.person
    this.env = parts.env
  }

  static async open (): Promise<IpfsupScene> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'ipfsup-scene-'))
    mkdirSync(path.join(folder, 'ca'))
    const { caFile, tls } = testAuthority(path.join(folder, 'ca'))
    const site = new DistSite()
    const [dist, github] = [await serveSite(site, tls), await serveSite(site, tls)]
    const person = await Person.in(folder, 'kim')
    const env = { NODE_EXTRA_CA_CERTS: caFile, IPFSUP_ORIGINS: `${dist.url},${github.url.replace('localhost', '127.0.0.1')}/releases/download`, SHELL: '/bin/bash' }
    return new IpfsupScene({ folder, site, dist, github, person, env })
  }

  get ipfsupHome (): string { return path.join(this.person.folder, '.ipfsup') }
  get ipfsPath (): string { return path.join(this.person.folder, '.ipfs') }
  get shim (): string { return path.join(this.ipfsupHome, 'bin/ipfs') }
  programOf (version: string): string { return path.join(this.ipfsPath, 'releases', version, ARCHITECTURE, 'ipfs') }

  /** @param version without a leading v @returns the archive */
  async release (version: string, repoVersion: number, paddingBytes = 0): Promise<Uint8Array> {
    const archive = fakeArchive({ version, repoVersion }, paddingBytes)
    this.site.add({ version: `v${version}`, os: SYSTEM, arch: ARCH, archive, cid: await cidOf(archive) })
    return archive
  }

  async ipfsup (args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await this.person.run('ipfsup', args, { ...options, env: { ...this.env, ...options.env } })
  }

  async json<T> (args: readonly string[], options: RunOptions = {}): Promise<T> {
    return await this.person.json<T>('ipfsup', args, { ...options, env: { ...this.env, ...options.env } })
  }

  /** Runs the shim. */
  async ipfs (args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await this.person.runProgram(this.shim, args, { ...options, env: { ...this.env, ...options.env } })
  }

  /** A Kubo repo, as `init` of the given version makes it. */
  async initRepo (version: string): Promise<void> {
    const ran = await this.ipfs([`+${version}`, 'init'])
    if (ran.exit !== 0) throw new Error(`init ended with ${ran.exit}: ${ran.stderr}`)
  }

  write (name: string, text: string): string {
    const file = path.join(this.person.folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.person[Symbol.asyncDispose]()
    await this.dist[Symbol.asyncDispose]()
    await this.github[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
