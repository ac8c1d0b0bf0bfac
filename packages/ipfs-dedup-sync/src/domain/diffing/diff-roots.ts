import { AppError } from '@ipkit/core/errors/app-error'
import { openRoot } from '../recipe/root-folder.ts'
import type { Tree, TreeReaderDeps } from '../tree/open-tree.ts'
import { changedRanges, type ByteRange, type ChangedRanges } from './changed-ranges.ts'
import type { Member } from './member.ts'
import { recipeMembers } from './recipe-members.ts'
import { tarMembers } from './tar-members.ts'

export interface Difference {
  /** '' for what stands in no member. */
  readonly member: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Of the second version; within the member, where there is one. None: only what is told of it changed (a time, a mode). */
  readonly ranges: readonly ByteRange[]
  readonly changedBytes: number
}

const MAX_MEMBERS = 500_000
/** Of one member. */
const MAX_RANGES = 10_000

/**
 * What differs between two roots, by the members of tar and zip and the files of a folder. Reads what differs, and the headers.
 * @throws AppError TREES_TOO_DIFFERENT, TOO_MANY_MEMBERS, TREE_INVALID, RECIPE_INVALID; what the store throws
 */
export async function * diffRoots (deps: TreeReaderDeps, a: string, b: string): AsyncGenerator<Difference> {
  if (a === b) return
  const [one, other] = [await open(deps, a), await open(deps, b)]
  const changed = await changedRanges(deps, one.content, other.content)
  const [before, after] = [await membersOf(deps, one), await membersOf(deps, other)]
  const sizes = new Map(before.map(({ name, dataStart, dataEnd }) => [name, dataEnd - dataStart]))
  const kept = new Set(after.map(({ name }) => name))
  const taken = new Set<ByteRange>()
  for (const member of after) {
    const inside = changed.b.filter(range => touches(range, member))
    inside.forEach(range => taken.add(range))
    if (!sizes.has(member.name)) yield { member: member.name, change: 'added', ranges: [], changedBytes: member.dataEnd - member.dataStart }
    else if (inside.length > 0) yield inMember(member, inside, sizes.get(member.name)!)
  }
  for (const { name, dataStart, dataEnd } of before) if (!kept.has(name)) yield { member: name, change: 'removed', ranges: [], changedBytes: dataEnd - dataStart }
  const around = outside(changed, taken, after.length > 0 || before.length > 0)
  if (around.length > 0) yield { member: '', change: 'changed', ranges: around.slice(0, MAX_RANGES), changedBytes: sizeOf(around) }
}

interface Opened { readonly content: Tree, readonly recipe?: Tree }

async function open (deps: TreeReaderDeps, root: string): Promise<Opened> {
  const opened = await openRoot(deps, root)
  return 'height' in opened ? { content: opened } : opened
}

async function membersOf (deps: TreeReaderDeps, { content, recipe }: Opened): Promise<Member[]> {
  for (const members of [...recipe === undefined ? [] : [recipeMembers(deps, recipe)], tarMembers(deps, content)]) {
    const all: Member[] = []
    for await (const member of members) {
      if (all.length === MAX_MEMBERS) throw new AppError('TOO_MANY_MEMBERS', `it has more than ${MAX_MEMBERS} members, and that is the limit`, { exit: 'refused' })
      all.push(member)
    }
    if (all.length > 0) return all
  }
  return []
}

/** A range without bytes is a place where something is gone. */
const touches = ({ start, end }: ByteRange, member: Member): boolean => start < member.end && (end > member.start || (start === end && start >= member.start))

/** @param sizeBefore what is shorter has lost bytes, also where nothing in the place of them is told */
function inMember ({ name, dataStart, dataEnd }: Member, ranges: readonly ByteRange[], sizeBefore: number): Difference {
  const sizeBytes = dataEnd - dataStart
  const within = Math.max(sizeBytes, sizeBefore) === 0 ? [] : ranges
    .map(({ start, end }) => ({ start: Math.max(start, dataStart) - dataStart, end: Math.min(end, dataEnd) - dataStart }))
    .filter(({ start, end }) => end >= start && start <= sizeBytes && end >= 0)
  const told = within.length === 0 && sizeBytes < sizeBefore ? [{ start: sizeBytes, end: sizeBytes }] : within
  return { member: name, change: 'changed', ranges: told.slice(0, MAX_RANGES), changedBytes: sizeOf(told) }
}

/** Where there are no members, and nothing new stands in the place of what went, the place is told as it was. */
function outside (changed: ChangedRanges, taken: ReadonlySet<ByteRange>, hasMembers: boolean): ByteRange[] {
  const left = changed.b.filter(range => !taken.has(range))
  if (left.length > 0 || hasMembers || changed.b.length > 0) return left
  return changed.a.map(({ start }) => ({ start, end: start }))
}

const sizeOf = (ranges: readonly ByteRange[]): number => ranges.reduce((sum, { start, end }) => sum + end - start, 0)
