/** A dist tree as an origin, whatever it is read over: which of its files are asked for, and what follows from them. */
import { archiveName, distOf, invalid, isStub, parseCidFile, parseDistJson, parseSha512File, parseVersionList, stubRefused, type ArchiveFacts } from './dist-layout.ts'
import type { Claim, Release, VersionList } from './origin.ts'
import { MAX_DIST_JSON_BYTES, MAX_HASH_FILE_BYTES, MAX_VERSIONS_BYTES } from './wire-limits.ts'

export interface SmallFile {
  readonly bytes: Uint8Array
  /** As in a claim. */
  readonly host: string
  readonly redirectedBy: readonly string[]
}

/** @param path below the root, with a slash before @returns undefined: there is none @throws AppError ORIGIN_UNREACHABLE, ORIGIN_ANSWER_INVALID (over the limit); the signal's reason */
export type ReadSmallFile = (path: string, maxBytes: number, signal: AbortSignal) => Promise<SmallFile | undefined>

/** What a claim says, but for who the origin is. `path` is below the root, with a slash before. */
export type FoundArchive = Pick<Claim, 'host' | 'redirectedBy' | 'fileName' | 'sha512' | 'cid'> & { readonly path: string }

/** The versions of both dists, each from the one that it is to be taken from. @throws as `Origin.versions` */
export async function readDistVersions (root: string, read: ReadSmallFile, signal: AbortSignal): Promise<VersionList> {
  const [kubo, before] = await Promise.all([read('/kubo/versions', MAX_VERSIONS_BYTES, signal), read('/go-ipfs/versions', MAX_VERSIONS_BYTES, signal)])
  if (kubo === undefined) throw invalid(root, 'it has no /kubo/versions')
  const lists = [...parseVersionList(text(kubo), 'kubo'), ...before === undefined ? [] : parseVersionList(text(before), 'go-ipfs')]
  return { versions: lists, host: kubo.host }
}

/** @throws as `Origin.claim`; AppError RELEASE_IS_STUB (exit refused) */
export async function findInDist (root: string, release: Release, read: ReadSmallFile, signal: AbortSignal): Promise<FoundArchive | undefined> {
  const { version } = release
  const folder = `/${distOf(version)}/v${version.semver}`
  const file = `${folder}/dist.json`
  const json = await read(file, MAX_DIST_JSON_BYTES, signal)
  if (json === undefined) {
    if (isStub(version) && await read(`/go-ipfs/v${version.semver}/dist.json`, MAX_DIST_JSON_BYTES, signal) !== undefined) throw stubRefused(version)
    return undefined
  }
  const facts = parseDistJson(text(json), release, `${root}${file}`)
  return await withHashFiles(root, `${folder}/${facts.fileName}`, { ...facts, from: json }, read, signal)
}

/** `<root>/<tag>/<file>`, without a list and without a description. @throws as `Origin.claim` */
export async function findInGithub (root: string, release: Release, read: ReadSmallFile, exists: (path: string, signal: AbortSignal) => Promise<SmallFile | undefined>, signal: AbortSignal): Promise<FoundArchive | undefined> {
  const fileName = archiveName(release)
  const path = `/v${release.version.semver}/${fileName}`
  const found = await withHashFiles(root, path, { fileName, sha512: undefined, cid: undefined, from: undefined }, read, signal)
  if (found !== undefined) return found
  const archive = await exists(path, signal)
  return archive === undefined ? undefined : { ...hostsOf([archive]), fileName, sha512: undefined, cid: undefined, path }
}

/** Asks for `.sha512` and `.cid` where the hashes do not stand elsewhere. @returns undefined: nobody has said anything */
async function withHashFiles (root: string, path: string, known: ArchiveFacts & { readonly from: SmallFile | undefined }, read: ReadSmallFile, signal: AbortSignal): Promise<FoundArchive | undefined> {
  const { fileName, from } = known
  const [sum, cidFile] = await Promise.all([
    known.sha512 === undefined ? read(`${path}.sha512`, MAX_HASH_FILE_BYTES, signal) : undefined,
    known.cid === undefined ? read(`${path}.cid`, MAX_HASH_FILE_BYTES, signal) : undefined,
  ])
  const files = [sum, from, cidFile].filter(each => each !== undefined)
  if (files.length === 0) return undefined
  return {
    ...hostsOf(files),
    fileName,
    sha512: sum === undefined ? known.sha512 : parseSha512File(text(sum), fileName, `${root}${path}.sha512`),
    cid: cidFile === undefined ? known.cid : parseCidFile(text(cidFile), `${root}${path}.cid`),
    path,
  }
}

/** The host is that of the first; the others have a part in what is said too. */
function hostsOf (files: readonly SmallFile[]): Pick<FoundArchive, 'host' | 'redirectedBy'> {
  const { host } = files[0]!
  return { host, redirectedBy: [...new Set(files.flatMap(each => [each.host, ...each.redirectedBy]))].filter(other => other !== host) }
}

const text = ({ bytes }: SmallFile): string => new TextDecoder().decode(bytes)
