import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fakeKubo } from './fake-kubo.ts'

export interface SiteRelease {
  /** With a leading v, as the dist has it. */
  readonly version: string
  /** kubo unless told otherwise. */
  readonly dist?: string
  readonly os: string
  readonly arch: string
  readonly archive: Uint8Array
  /** Absent: no CID is given. */
  readonly cid?: string | undefined
  /** What is told in place of the right one; null: none is told. */
  readonly sha512?: string | null
}

/** The files of a dist tree (dist.ipfs.tech's layout) and of a GitHub repository's releases, by path from `/`. */
export class DistSite {
  readonly files = new Map<string, Uint8Array>()
  readonly #lines = new Map<string, string[]>()
  readonly #archs = new Map<string, Record<string, { link: string, cid?: string, sha512?: string }>>()

  /** Adds a line to `/<dist>/versions`, whatever it says. */
  list (line: string, dist = 'kubo'): void {
    const lines = this.#lines.get(dist) ?? []
    if (!lines.includes(line)) lines.push(line)
    this.#lines.set(dist, lines)
    this.files.set(`/${dist}/versions`, text(`${lines.join('\n')}\n`))
  }

  /** Adds `/<dist>/<version>/…` and `/releases/download/<version>/…`, and lists the version. @returns the archive's file name */
  add ({ version, dist = 'kubo', os: system, arch, archive, cid, sha512 }: SiteRelease): string {
    const name = `${dist}_${version}_${system}-${arch}.${system === 'windows' ? 'zip' : 'tar.gz'}`
    const hash = sha512 === null ? undefined : sha512 ?? createHash('sha512').update(archive).digest('hex')
    const key = `${dist}/${version}/${system}`
    const archs = { ...this.#archs.get(key), [arch]: { link: `/${name}`, ...cid === undefined ? {} : { cid }, ...hash === undefined ? {} : { sha512: hash } } }
    this.#archs.set(key, archs)
    const platforms: Record<string, unknown> = {}
    for (const [place, of] of this.#archs) if (place.startsWith(`${dist}/${version}/`)) platforms[place.slice(place.lastIndexOf('/') + 1)] = { name: place, archs: of }
    this.files.set(`/${dist}/${version}/dist.json`, text(JSON.stringify({ id: dist, version, releaseLink: `/${dist}/${version}`, platforms })))
    for (const folder of [`/${dist}/${version}`, `/releases/download/${version}`]) {
      this.files.set(`${folder}/${name}`, archive)
      this.#setOrRemove(`${folder}/${name}.sha512`, hash === undefined ? undefined : `${hash}  ${name}\n`)
      this.#setOrRemove(`${folder}/${name}.cid`, cid === undefined ? undefined : `${cid}\n`)
    }
    this.list(version, dist)
    return name
  }

  #setOrRemove (path: string, content: string | undefined): void {
    if (content === undefined) this.files.delete(path)
    else this.files.set(path, text(content))
  }
}

/** An archive as the dist has it, with a program that stands for Kubo. @param paddingBytes of more content, which does not compress */
export function fakeArchive (kubo: { readonly version: string, readonly repoVersion: number }, paddingBytes = 0): Uint8Array {
  return tarGz({ 'kubo/ipfs': { text: fakeKubo(kubo), mode: 0o755 }, 'kubo/LICENSE': { text: 'MIT\n' }, 'kubo/README.md': { text: `# ${kubo.version}\n` }, ...paddingBytes === 0 ? {} : { 'kubo/padding': { text: noise(paddingBytes) } } })
}

/** By the system's tar. */
export function tarGz (files: Readonly<Record<string, { readonly text: string | Uint8Array, readonly mode?: number }>>): Uint8Array {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'archive-'))
  try {
    for (const [name, { text: content, mode = 0o644 }] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
      writeFileSync(path.join(dir, name), content)
      chmodSync(path.join(dir, name), mode)
    }
    execFileSync('tar', ['-czf', 'archive.tar.gz', '--owner=0', '--group=0', ...new Set(Object.keys(files).map(name => name.split('/', 1)[0]!))], { cwd: dir })
    return new Uint8Array(readFileSync(path.join(dir, 'archive.tar.gz')))
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content)

function noise (sizeBytes: number): Uint8Array {
  const bytes = new Uint32Array(Math.ceil(sizeBytes / 4))
  let state = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) { // xorshift
    state ^= state << 13; state ^= state >>> 17; state ^= state << 5
    bytes[i] = state
  }
  return new Uint8Array(bytes.buffer, 0, sizeBytes)
}
