import { AppError } from '@ipkit/core/errors/app-error'
import type { RootFacts } from '../keeping/shelf.ts'
import type { Commit } from '../versions/commit.ts'
import { findTarget, type Target } from './find-target.ts'
import { askForHead, type FollowDeps, type Warning } from './following.ts'
import type { MovedBytes, OutputPlace, Place, SyncDeps, Work, Written } from './sync-ports.ts'

export type PullDeps = SyncDeps & FollowDeps

export interface PullInput {
  readonly target: string
  /** None: who gave it before, and whoever is in reach. */
  readonly from: readonly Place[]
  readonly output: OutputPlace | undefined
  /** Moves and writes nothing. */
  readonly dryRun: boolean
}

export interface Pulled extends MovedBytes {
  readonly root: string
  readonly file: string | undefined
  readonly sizeBytes: number
  readonly sha256: Uint8Array | undefined
  /** The version that it is; undefined for a root that was asked for as such. */
  readonly commit: Commit | undefined
  readonly warnings: readonly Warning[]
}

/** Roots that a peer is told of at most, so that it can send what differs. */
const MAX_HAVE = 16
const NOTHING_MOVED: MovedBytes = { receivedBytes: 0, sentBytes: 0, roundTrips: 0, newBytes: 0, dropped: [] }

/** What is to be had, and from whom. */
export interface Wanted {
  readonly root: string
  readonly commit: Commit | undefined
  readonly places: readonly Place[]
  readonly warnings: readonly Warning[]
  /** What it took to find out. */
  readonly asked: MovedBytes
}

/** Fetches what is not here yet, and writes it where it is wanted. */
export async function pullTarget (deps: PullDeps, input: PullInput, work: Work): Promise<Pulled> {
  return await pullWanted(deps, await findWanted(deps, input, work), input, work)
}

/** Who is asked. @param from who was named: nobody else, then */
export function placesFor ({ mover, known }: Pick<PullDeps, 'mover' | 'known'>, target: Target, from: readonly Place[]): Place[] {
  if (from.length > 0) return [...from]
  const before = target.kind === 'name' ? known.get(target.name)?.places ?? [] : []
  const met = new Set(before.flat().map(address => mover.peerIdOf([address]) ?? address))
  return [...before, ...mover.inReach().filter(place => !met.has(mover.peerIdOf(place) ?? ''))]
}

/** Whoever is named is to be asked: it is an error when none of them can be. @throws AppError TARGET_UNKNOWN, NAME_UNKNOWN, VERSION_UNKNOWN, PEER_* */
export async function findWanted (deps: PullDeps, input: Pick<PullInput, 'target' | 'from'>, work: Work): Promise<Wanted> {
  const target = await findTarget(deps, input.target)
  const places = placesFor(deps, target, input.from)
  if (target.kind === 'root') return { root: target.root, commit: undefined, places, warnings: [], asked: NOTHING_MOVED }
  const { name, number } = target
  const traffic = deps.mover.traffic(places)
  work.onProgress({ step: 'asking for versions' })
  const { head, warnings, givers, failures } = await askForHead(deps, name, places, work.signal)
  if (head === undefined || (input.from.length > 0 && failures.length === places.length)) throw failures[0] ?? unknownName(name.text, places.length)
  const told = failures.filter(e => e.exit === 'refused').map(e => ({ code: e.code, message: e.message }))
  const commit = await deps.histories.version(name, number)
  return { root: commit.root, commit, places: [...givers, ...places.filter(place => !givers.includes(place))], warnings: [...warnings, ...told], asked: { ...NOTHING_MOVED, ...traffic(), roundTrips: places.length > 0 ? 1 : 0 } }
}

const unknownName = (name: string, asked: number): AppError => asked === 0
  ? new AppError('NAME_UNKNOWN', `nothing is known of ${name}, and nobody is in reach who could be asked`, { exit: 'notFound', hints: ["name somebody who has it: '--from <peer>'"] })
  : new AppError('NAME_UNKNOWN', `nothing is known of ${name} here, nor by ${asked === 1 ? 'the peer' : `the ${asked} peers`} in reach, or we may not have it`, { exit: 'notFound', hints: ["name somebody who has it: '--from <peer>'", "its owner says who may: 'ipfs-dedup-sync allow <peer>'"] })

/** @throws AppError FILE_EXISTS before anything is fetched; what the ports throw */
export async function pullWanted (deps: PullDeps, wanted: Wanted, { output, dryRun }: Pick<PullInput, 'output' | 'dryRun'>, work: Work): Promise<Pulled> {
  const { root, commit, warnings } = wanted
  const name = commit?.file ?? (await deps.shelf.root(root))?.name ?? root
  if (output !== undefined) await deps.outlet.check(output, name)
  const moved = sum(wanted.asked, await fetch(deps, wanted, dryRun, work))
  const facts = await deps.shelf.root(root)
  if (dryRun || facts === undefined) return { ...moved, root, file: undefined, sizeBytes: commit?.sizeBytes ?? 0, sha256: commit?.sha256, commit, warnings }
  const written = output === undefined ? undefined : await write(deps, root, commit?.sha256 ?? facts.sha256, output, name, work)
  return { ...moved, root, file: written?.file, sizeBytes: facts.sizeBytes, sha256: facts.sha256, commit, warnings }
}

async function fetch (deps: PullDeps, { root, commit, places }: Wanted, dryRun: boolean, work: Work): Promise<MovedBytes> {
  const { shelf, mover, came } = deps
  const [isHere] = await shelf.has([root])
  if (isHere === true && await shelf.root(root) !== undefined) return NOTHING_MOVED
  if (places.length === 0 && isHere !== true && !mover.othersInReach()) {
    throw new AppError('ROOT_NOT_FOUND', `${root} is not here, and nobody is in reach who could have it`, { exit: 'notFound', hints: ["name somebody who has it: '--from <peer>'", 'or pull a link: it says who has it'] })
  }
  await using session = await shelf.begin()
  const moved = await mover.pull({ root, have: await likelyRoots(deps, commit, places), places, session, dryRun }, work)
  if (dryRun) return moved
  await session.keep(root, await factsOf(deps, root, commit, work))
  await came.note(root, places.flatMap(place => mover.peerIdOf(place) ?? []))
  return moved
}

/** Versions of the same history; else what came from the same peers. They know these roots already, so that naming them tells nothing. */
async function likelyRoots (deps: PullDeps, commit: Commit | undefined, places: readonly Place[]): Promise<string[]> {
  const roots: string[] = []
  if (commit !== undefined) {
    for await (const { root } of deps.histories.walk(commit.name)) {
      if (roots.length === MAX_HAVE) return roots
      if (root !== commit.root && !roots.includes(root) && await deps.shelf.root(root) !== undefined) roots.push(root)
    }
    return roots
  }
  const peers = places.map(place => deps.mover.peerIdOf(place))
  const kept: Array<{ readonly root: string, readonly atMs: number }> = []
  for await (const { root, atMs } of deps.shelf.roots()) kept.push({ root, atMs })
  for (const { root } of kept.sort((a, b) => b.atMs - a.atMs)) {
    if (roots.length === MAX_HAVE) break
    const from = await deps.came.of(root)
    if (peers.length > 0 && peers.every(peer => peer !== undefined && from.includes(peer))) roots.push(root)
  }
  return roots
}

async function factsOf (deps: PullDeps, root: string, commit: Commit | undefined, work: Work): Promise<RootFacts> {
  const restored = await deps.outlet.restore(root, work.signal)
  const { sizeBytes } = restored
  if (commit !== undefined && commit.sizeBytes !== sizeBytes) throw wrong(commit, `${sizeBytes} bytes`, `${commit.sizeBytes} bytes`)
  const sha256 = restored.kind === 'folder' ? undefined : commit?.sha256 ?? restored.sha256 ?? await deps.outlet.hash(restored, work)
  return { sizeBytes, served: false, ...sha256 === undefined ? {} : { sha256 }, ...commit?.file === undefined ? {} : { name: commit.file }, ...commit === undefined ? {} : { of: commit.name.text } }
}

/** What a version says of its file is signed by its publisher, and what was added was hashed: bytes of another hash are never written. */
async function write (deps: PullDeps, root: string, sha256: Uint8Array | undefined, output: OutputPlace, name: string, work: Work): Promise<Written> {
  const restored = await deps.outlet.restore(root, work.signal)
  const checked = restored.kind === 'file' && sha256 !== undefined ? { ...restored, sha256 } : restored
  return await deps.outlet.write(checked, output, name, work)
}

const sum = (a: MovedBytes, b: MovedBytes): MovedBytes =>
  ({ ...b, receivedBytes: a.receivedBytes + b.receivedBytes, sentBytes: a.sentBytes + b.sentBytes, roundTrips: a.roundTrips + b.roundTrips, newBytes: a.newBytes + b.newBytes })

const wrong = (commit: Commit, is: string, says: string): AppError =>
  new AppError('VERSION_WRONG', `the root of version ${commit.number} of ${commit.name.text} gives back ${is}, and not ${says}`, { exit: 'refused', hints: ['its publisher has signed something that is not so'] })
