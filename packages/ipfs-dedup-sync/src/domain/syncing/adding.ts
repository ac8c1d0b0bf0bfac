import { AppError } from '@ipkit/core/errors/app-error'
import { nameFromPublicKey } from '@ipkit/core/names/ipns-name'
import { parseChunker } from '../chunking/parse-chunker.ts'
import type { RootFacts } from '../keeping/shelf.ts'
import { drySession } from '../keeping/dry-session.ts'
import type { CommitSigner } from '../versions/commit.ts'
import { keyForFile } from '../versions/key-for-file.ts'
import { isOwn } from '../versions/known-name.ts'
import type { PublishedVersion } from '../versions/histories.ts'
import { askForHead, type FollowDeps, type Warning } from './following.ts'
import type { SyncDeps, Taken, Work } from './sync-ports.ts'

export type AddDeps = SyncDeps & FollowDeps

export interface AddInput {
  /** Absolute; null: `upload`. */
  readonly path: string | null
  readonly upload: AsyncIterable<Uint8Array>
  /** As of `parseChunker`; null: ours. */
  readonly chunker: string | null
  readonly gearKey: Uint8Array | null
  readonly noCopy: boolean
}

export interface Kept extends Taken { readonly newBytes: number, readonly newBlocks: number }

/** Stores a file or a folder, and serves it from now on. @param dryRun says what it would be, and stores nothing */
export async function addToShelf (deps: AddDeps, input: AddInput & { readonly dryRun: boolean }, work: Work): Promise<Kept> {
  return await keep(deps, input, work, async before => ({ served: true, ...before?.of === undefined ? {} : { of: before.of } }), input.dryRun)
}

async function keep (deps: AddDeps, input: AddInput, work: Work, facts: (before: RootFacts | undefined) => Promise<Pick<RootFacts, 'served' | 'of'>>, dryRun = false): Promise<Kept> {
  const options = { chunker: parseChunker(input.chunker ?? 'fastcdc'), gearKey: input.gearKey ?? undefined, noCopy: input.noCopy }
  await using session = dryRun ? drySession(deps.shelf) : await deps.shelf.begin()
  const taken = input.path === null ? await deps.intake.readStream(session, input.upload, options, work) : await deps.intake.read(session, input.path, options, work)
  work.signal.throwIfAborted()
  const { root, file, sizeBytes, sha256 } = taken
  if (!dryRun) await session.keep(root, { sizeBytes, ...sha256 === undefined ? {} : { sha256 }, ...file === undefined ? {} : { name: file }, ...await facts(await deps.shelf.root(root)) })
  return { ...taken, newBytes: session.newBytes, newBlocks: session.newBlocks }
}

export interface PublishInput extends AddInput {
  /** null: called after the file. */
  readonly key: string | null
  readonly note: string
}

export interface Publication extends PublishedVersion { readonly kept: Kept, readonly key: string, readonly warnings: readonly Warning[] }

/** A new version of the history under a key of ours; the key is made where there is none. */
export async function publishVersion (deps: AddDeps, input: PublishInput, work: Work): Promise<Publication> {
  const key = input.key ?? keyForFile(baseName(input.path))
  const known = await deps.keys.signer(key)
  const warnings = known === undefined ? [] : await warnOfSharedKey(deps, key, known, input.key === null, work)
  const [kept, signer] = await keepFor(deps, input, work, async () => known ?? await makeKey(deps, key))
  const { root, file, sizeBytes, sha256, newBytes } = kept
  const published = await deps.histories.publish(signer, { root, file, sizeBytes, sha256, newBytes, note: input.note, author: deps.peerId })
  return { ...published, kept, key, warnings }
}

/** The key is made when all has been read: what cannot be read leaves none behind. */
async function keepFor (deps: AddDeps, input: AddInput, work: Work, signerOf: () => Promise<CommitSigner>): Promise<[Kept, CommitSigner]> {
  let signer: CommitSigner | undefined
  const kept = await keep(deps, input, work, async before => {
    signer = await signerOf()
    return { served: before?.served ?? false, of: before?.of ?? nameFromPublicKey(signer.publicKey).text }
  })
  return [kept, signer!]
}

async function makeKey (deps: AddDeps, key: string): Promise<CommitSigner> {
  await deps.keys.create(key)
  const signer = await deps.keys.signer(key)
  if (signer === undefined) throw new AppError('KEY_UNKNOWN', `the key ${key} is gone again`, { exit: 'busy' })
  return signer
}

/**
 * A key that was not made here may stand for something else, and may have versions elsewhere: whoever is in reach is asked before a fork is made.
 * @throws AppError KEY_IN_USE where nobody has named the key
 */
async function warnOfSharedKey (deps: AddDeps, key: string, { publicKey }: CommitSigner, isGuessed: boolean, work: Work): Promise<Warning[]> {
  const name = nameFromPublicKey(publicKey)
  const known = deps.known.get(name)
  if (known !== undefined && isOwn(known)) return key === 'self' ? [selfWarning] : []
  if (isGuessed) throw new AppError('KEY_IN_USE', `there is a key ${key} already, and nothing was published under it here`, { exit: 'refused', hints: [`to publish under it all the same: --name ${key}`, 'or name another one: --name photos'] })
  const { warnings } = await askForHead(deps, name, deps.mover.inReach(), work.signal)
  if (key === 'self') return [selfWarning, ...warnings]
  return [{ code: 'NAME_SHARED', message: `the key ${key} was not made for this: whatever else publishes under ${name.text} (ipnsup, for one) and this contradict each other` }, ...warnings]
}

const selfWarning: Warning = { code: 'NAME_SHARED', message: 'self is the name of this home: ipnsup publishes under it too, and the two would contradict each other' }

function baseName (path: string | null): string {
  const name = path?.replace(/\/+$/, '').split('/').at(-1) ?? ''
  if (name !== '') return name
  throw new AppError('KEY_NAME_INVALID', path === null ? 'standard input has no name to publish it under' : 'a root folder has no name to publish it under', { exit: 'usage', hints: ['name a key: --name photos'] })
}
