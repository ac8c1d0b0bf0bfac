/** What is here: versions of a name, roots, names. */
import { nameFromPublicKey } from '@ipkit/core/names/ipns-name'
import type { KeptRoot } from '../keeping/shelf.ts'
import type { Commit } from '../versions/commit.ts'
import { isOwn } from '../versions/known-name.ts'
import type { Head } from '../versions/histories.ts'
import { findNameTarget } from './find-target.ts'
import type { SyncDeps } from './sync-ports.ts'

export interface LoggedVersion { readonly commit: Commit, readonly kept: boolean }

/** Newest first; with `name@3` from that version on. @throws AppError TARGET_UNKNOWN, NAME_UNKNOWN, VERSION_UNKNOWN */
export async function * logOf ({ shelf, ...deps }: SyncDeps, text: string): AsyncGenerator<LoggedVersion> {
  const { name, number } = await findNameTarget(deps, text)
  const newest = await deps.histories.version(name, number)
  for await (const commit of deps.histories.walk(name, newest)) yield { commit, kept: await shelf.root(commit.root) !== undefined }
}

export interface ListedRoot { readonly kept: KeptRoot, readonly versions: ReadonlyArray<{ readonly name: string, readonly version: number }>, readonly served: boolean }

/** Of one root: a publisher may make a million of the same one. */
const MAX_LISTED_VERSIONS = 1000

/** Newest first. */
export async function listRoots ({ shelf, histories, known, policy }: SyncDeps): Promise<ListedRoot[]> {
  const versions = new Map<string, Array<{ name: string, version: number }>>()
  for (const { name } of known.all()) {
    for await (const { root, number } of histories.walk(name)) {
      const of = versions.get(root) ?? []
      if (of.length < MAX_LISTED_VERSIONS) of.push({ name: name.text, version: number })
      versions.set(root, of)
    }
  }
  const all: ListedRoot[] = []
  for await (const kept of shelf.roots()) all.push({ kept, versions: versions.get(kept.root) ?? [], served: kept.served || (await policy.namesServing(kept)).length > 0 })
  return all.sort((a, b) => b.kept.atMs - a.kept.atMs)
}

export interface ListedName { readonly name: string, readonly key: string | undefined, readonly file: string | undefined, readonly own: boolean, readonly served: boolean, readonly head: Head | undefined }

/** Own ones first. */
export async function listNames ({ histories, known, keys }: SyncDeps): Promise<ListedName[]> {
  const keyNames = new Map((await keys.list()).map(({ name, publicKey }) => [nameFromPublicKey(publicKey).text, name]))
  const names = await Promise.all(known.all().map(async ({ name, known: item }) => ({
    name: name.text, key: keyNames.get(name.text), file: item.file ?? undefined, own: isOwn(item), served: item.served, head: await histories.head(name),
  })))
  return names.sort((a, b) => Number(b.own) - Number(a.own))
}
