/** What happened, as `rpc.ts` tells it. */
import type { Added, LogItem, Moved, NameItem, Published, RootItem, RuleState, ServedState as ServedResult } from '../../rpc.ts'
import type { ServeRule } from '../serving/serve-rules.ts'
import type { ServedState } from '../serving/serve-target.ts'
import type { Kept, Publication } from './adding.ts'
import type { Warning } from './following.ts'
import type { ListedName, ListedRoot, LoggedVersion } from './listing.ts'
import type { Pulled } from './pulling.ts'

interface Here { readonly peerId: string, addresses(): string[] }

const MAX_NOTES = 1000
/** A path in it may be longer. */
const MAX_NOTE_CHARACTERS = 2048

export function addedResult (kept: Kept, here: Here): Added {
  const { root, file, sizeBytes, sha256, newBytes, newBlocks, reusedBytes, layers, notes, edit } = kept
  return {
    root, file: file ?? null, sizeBytes, sha256: sha256 ?? null, newBytes, newBlocks, reusedBytes, edit: { ...edit }, peerId: here.peerId, addresses: here.addresses(), notes: notes.slice(0, MAX_NOTES).map(note => note.slice(0, MAX_NOTE_CHARACTERS)),
    layers: layers.slice(0, MAX_NOTES).map(({ format, encoder, level, exact }) => ({ format, encoder: encoder ?? null, level: level ?? null, exact })),
  }
}

export function publishedResult ({ kept, commit, key, created, healedFork, warnings }: Publication, here: Here): Published {
  const healed = healedFork ? [{ code: 'FORK_HEALED', message: 'this heals a fork: the other version of the same number is in the history no more' }] : []
  return { ...addedResult(kept, here), name: commit.name.text, key, version: commit.number, commit: commit.cid, created, warnings: plain([...warnings, ...healed]) }
}

export function movedResult ({ root, file, sizeBytes, sha256, receivedBytes, sentBytes, roundTrips, newBytes, expectedBytes, commit, warnings, dropped }: Pulled): Moved {
  const given = dropped.map(({ peer, code }) => ({ code: 'PEER_DROPPED', message: `${peer} was given up: ${code}` }))
  return {
    root, file: file ?? null, sizeBytes, sha256: sha256 ?? null, receivedBytes, sentBytes, roundTrips, newBytes, expectedBytes: expectedBytes ?? null,
    name: commit?.name.text ?? null, version: commit?.number ?? null, commit: commit?.cid ?? null, warnings: plain([...warnings, ...given]),
  }
}

export const servedResult = ({ root, name, served, names }: ServedState): ServedResult => ({ root: root ?? null, name: name ?? null, served, names: [...names] })

export const ruleResult = (scope: string, { open, allowed, denied }: ServeRule): RuleState => ({ scope, open, allowed: [...allowed], denied: [...denied] })

export function logItem ({ commit, kept }: LoggedVersion): LogItem {
  const { name, number: version, root, cid, parent, atMs: at, note, author, file, sizeBytes, newBytes, sha256 } = commit
  return { name: name.text, version, root, commit: cid, parent: parent ?? null, at, note, author, file: file ?? null, sizeBytes, newBytes, sha256: sha256 ?? null, kept }
}

export function rootItem ({ kept, versions, served }: ListedRoot): RootItem {
  return { root: kept.root, file: kept.name ?? null, sizeBytes: kept.sizeBytes, served, at: kept.atMs, versions: versions.map(v => ({ ...v })) }
}

const NS_PER_MS = 1_000_000n

export function nameItem ({ name, key, file, own, served, head }: ListedName): NameItem {
  return {
    name, key: key ?? null, file: file ?? null, own, served, version: head?.commit.number ?? null, root: head?.commit.root ?? null, expired: head?.expired ?? false, forked: head?.forked ?? false,
    validUntil: head === undefined ? null : Number(head.record.validity.unixNs / NS_PER_MS),
  }
}

const plain = (warnings: readonly Warning[]): Array<{ code: string, message: string }> => warnings.slice(0, 64).map(({ code, message }) => ({ code, message: message.slice(0, 2048) }))
