/** Asks peers how far a history is, and believes what its key has signed. Spec: docs/formats/sync-commit.md, "Reading a history". */
import { AppError, isAppError } from '@ipkit/core/errors/app-error'
import type { IpnsName } from '@ipkit/core/names/ipns-name'
import { verifyRecord } from '@ipkit/core/names/verify-record'
import { mapConcurrent } from '@ipkit/core/streams/map-concurrent'
import type { Clock } from '@ipkit/core/time/clock'
import { withDeadline } from '@ipkit/core/time/deadline'
import { readCommit, requireParent, type Commit, type VerifySignature } from '../versions/commit.ts'
import { cidInRecord, type Head } from '../versions/histories.ts'
import { withPlace } from '../versions/known-name.ts'
import type { HeadAnswer, Place, SyncDeps } from './sync-ports.ts'

export interface Warning { readonly code: string, readonly message: string }

export interface Asked {
  readonly head: Head | undefined
  readonly warnings: readonly Warning[]
  /** Who gave an answer that was taken or that was known already. */
  readonly givers: readonly Place[]
  /** Of those who could not be asked, or whose answer was refused. */
  readonly failures: readonly AppError[]
}

export interface FollowDeps extends Pick<SyncDeps, 'histories' | 'known' | 'mover' | 'clock'> {
  readonly clock: Clock
  readonly verify: VerifySignature
}

const ASK_MS = 20_000
/** Versions of one answer are held until all are there. */
const MAX_UNKNOWN_BYTES = 16 * 1024 * 1024
const AT_ONCE = 8

/** Asks each place, takes what is newer, and says how the history stands then. Never throws for a place. @throws what the store throws */
export async function askForHead (deps: FollowDeps, name: IpnsName, places: readonly Place[], signal: AbortSignal): Promise<Asked> {
  const before = await deps.histories.head(name)
  const givers: Place[] = []
  const failures: AppError[] = []
  let older = 0
  for await (const { place, error, relation } of mapConcurrent(places, AT_ONCE, async place => await askOne(deps, name, place, before, signal))) {
    signal.throwIfAborted()
    if (error !== undefined) failures.push(error)
    if (relation === 'older') older++
    if (relation === undefined || relation === 'older') continue
    givers.push(place)
    // What is followed is served on: whoever comes next can have it from here.
    await deps.known.change(name, known => withPlace(known.atMs === 0 ? { ...known, served: true, atMs: deps.clock.now() } : known, place))
  }
  const head = await deps.histories.head(name)
  if (head?.commit.file !== undefined) await deps.known.change(name, known => known.file === head.commit.file ? known : { ...known, file: head.commit.file! })
  const warnings = await warningsOf(deps, name, before, head)
  if (older > 0 && givers.length === 0) warnings.push({ code: 'OLDER', message: `who was asked knows only older versions of ${name.text} than are known here` })
  return { head, warnings, givers, failures }
}

interface AskedOne { readonly place: Place, readonly error?: AppError, readonly relation?: string }

async function askOne (deps: FollowDeps, name: IpnsName, place: Place, before: Head | undefined, signal: AbortSignal): Promise<AskedOne> {
  const stop = new AbortController()
  try {
    const asking = askWhole(deps, name, place, before?.commit.cid ?? null, AbortSignal.any([signal, stop.signal]))
    const answer = await withDeadline(deps.clock, ASK_MS, 'the answer of a peer', asking, signal)
    if (answer === undefined) return { place }
    return { place, relation: await takeHead(deps, name, answer) }
  } catch (e) {
    signal.throwIfAborted()
    if (!isAppError(e)) throw e
    return { place, error: e }
  } finally {
    stop.abort(new Error('no longer waited for'))
  }
}

/** Long histories come in parts. Who has not the key's word for the record is asked for no more of them. */
async function askWhole ({ mover, histories, verify }: FollowDeps, name: IpnsName, place: Place, until: string | null, signal: AbortSignal): Promise<HeadAnswer | undefined> {
  const answer = await mover.askHead(place, name.text, { from: null, until }, signal)
  if (answer === undefined) return undefined
  await verifyRecord(name, answer.record)
  const commits = [...answer.commits]
  let heldBytes = sizeOf(commits)
  while (commits.length > 0) {
    const { parent, name: of } = readCommit(commits.at(-1)!, verify)
    if (of.text !== name.text) throw incomplete(name, `a version of ${of.text} is in it`)
    if (parent === undefined || await histories.commit(parent) !== undefined) break
    const more = await mover.askHead(place, name.text, { from: parent, until }, signal)
    if (more === undefined || more.commits.length === 0 || readCommit(more.commits[0]!, verify).cid !== parent) break
    if ((heldBytes += sizeOf(more.commits)) > MAX_UNKNOWN_BYTES) throw incomplete(name, `over ${MAX_UNKNOWN_BYTES} bytes of versions are not known here, and more are not taken at once`)
    commits.push(...more.commits)
  }
  return { record: answer.record, commits }
}

const sizeOf = (blocks: readonly Uint8Array[]): number => blocks.reduce((sum, { length }) => sum + length, 0)

/**
 * Believes an answer when record and versions are signed by the key of the name and hang together, down to a version that is known here or the first one.
 * @returns what the record is to what was known
 * @throws AppError RECORD_*, COMMIT_*: nothing is taken then
 */
export async function takeHead (deps: Pick<FollowDeps, 'histories' | 'verify'>, name: IpnsName, answer: HeadAnswer): Promise<string> {
  const record = await verifyRecord(name, answer.record)
  const cid = cidInRecord(record)
  const commits = answer.commits.map(block => readCommit(block, deps.verify))
  const known = await deps.histories.commit(cid)
  const [newest] = commits
  if (newest === undefined ? known === undefined : newest.cid !== cid) throw incomplete(name, `it does not begin with ${cid}`)
  const head = newest ?? known!
  if (head.name.text !== name.text) throw incomplete(name, `it is that of ${head.name.text}`)
  commits.forEach((commit, i) => { if (i > 0) requireParent(commits[i - 1]!, commit) })
  const last = commits.at(-1)
  if (last !== undefined) await requireGround(deps, name, last)
  return (await deps.histories.take(record, commits)).relation
}

/** Below the last one that came stands nothing, or one that is here. */
async function requireGround (deps: Pick<FollowDeps, 'histories'>, name: IpnsName, last: Commit): Promise<void> {
  if (last.parent === undefined) return
  const parent = await deps.histories.commit(last.parent)
  if (parent === undefined) throw incomplete(name, `version ${last.number - 1} is missing`)
  requireParent(last, parent)
}

async function warningsOf ({ histories }: Pick<FollowDeps, 'histories'>, name: IpnsName, before: Head | undefined, head: Head | undefined): Promise<Warning[]> {
  if (head === undefined) return []
  const warnings: Warning[] = []
  if (head.expired) warnings.push({ code: 'EXPIRED', message: `the record of ${name.text} expired at ${head.record.validity.text}: there may be a newer version` })
  if (head.forked) warnings.push({ code: 'FORK', message: `two versions ${head.commit.number} of ${name.text} were published at once; every reader takes this one, and the next publish heals it` })
  if (before !== undefined && before.commit.cid !== head.commit.cid && !await stands(histories, name, head.commit, before.commit)) {
    warnings.push({ code: 'HISTORY_FORKED', message: `version ${before.commit.number} of ${name.text} as it was known here (root ${before.commit.root}) is not in its history any more` })
  }
  return warnings
}

/** Whether `older` is `newer`, or stands below it. */
async function stands (histories: FollowDeps['histories'], name: IpnsName, newer: Commit, older: Commit): Promise<boolean> {
  for await (const commit of histories.walk(name, newer)) if (commit.number <= older.number) return commit.cid === older.cid
  return false
}

const incomplete = (name: IpnsName, why: string): AppError => new AppError('HISTORY_INCOMPLETE', `the history of ${name.text} that a peer gave does not hold together: ${why}`, { exit: 'refused' })
