import { AppError } from '@ipkit/core/errors/app-error'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { findTarget } from './find-target.ts'
import type { Pulled } from './pulling.ts'
import type { HeadAnswer, HeadRange, Place, SyncDeps, Work } from './sync-ports.ts'

/** Has a peer fetch a root, or the newest version of a name, from us. @throws AppError TARGET_UNKNOWN, ROOT_UNKNOWN, VERSION_UNKNOWN, PUSH_REFUSED, PEER_* */
export async function pushTarget (deps: SyncDeps, text: string, to: Place, work: Work): Promise<Pulled> {
  const target = await findTarget(deps, text)
  const commit = target.kind === 'name' ? await deps.histories.version(target.name, target.number) : undefined
  const root = target.kind === 'root' ? target.root : commit!.root
  const kept = await deps.shelf.root(root)
  if (kept === undefined) throw new AppError('ROOT_UNKNOWN', `${root} is not here`, { exit: 'notFound', hints: [commit === undefined ? 'add it first' : `fetch it first: 'ipfs-dedup-sync pull ${commit.name.text}@${commit.number}'`] })
  const name = target.kind === 'name' && target.number === undefined ? target.name.text : null
  const peer = deps.mover.peerIdOf(to)
  if (peer === undefined) throw new AppError('ADDRESS_INVALID', 'the address does not say which peer answers there', { exit: 'usage', hints: ['it ends in /p2p/<peer id>'] })
  using _lentRoot = deps.policy.lend(peer, root)
  using _lentName = name === null ? undefined : deps.policy.lend(peer, name)
  const moved = await deps.mover.push(to, { root, name, sizeBytes: kept.sizeBytes }, work)
  return { ...moved, root, file: undefined, sizeBytes: kept.sizeBytes, sha256: kept.sha256, commit, warnings: [] }
}

/** What is told of a name: its newest record, and some of its versions. @returns undefined: nothing is known */
export async function headAnswer ({ histories }: Pick<SyncDeps, 'histories'>, name: IpnsName, { from, until, atMost }: HeadRange & { readonly atMost: number }): Promise<HeadAnswer | undefined> {
  const head = await histories.head(name)
  const first = from === null ? head?.commit : await histories.commit(from)
  if (head === undefined || first === undefined || first.name.text !== name.text) return undefined
  const commits: Uint8Array[] = []
  for await (const commit of histories.walk(name, first)) {
    if (commit.cid === until || commits.length === atMost) break
    commits.push(commit.bytes)
  }
  return { record: head.record.bytes, commits }
}
