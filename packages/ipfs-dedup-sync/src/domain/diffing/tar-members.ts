import { concatBytes } from '@ipkit/core/streams/concat-bytes'
import { paxSize, readTarHeader, TAR_BLOCK_BYTES } from '../looking/tar-header.ts'
import type { Tree, TreeReaderDeps } from '../tree/open-tree.ts'
import { readRange } from '../tree/read-range.ts'
import type { Member } from './member.ts'

/** A name or a pax header is not longer. */
const MAX_SIDE_BYTES = 1024 * 1024
const UTF8 = new TextDecoder()

/** Members of a tar, in order; none for what does not begin with a header. Reads the headers alone. */
export async function * tarMembers (deps: TreeReaderDeps, tree: Tree): AsyncGenerator<Member> {
  const { sizeBytes } = tree.root
  let at = 0
  let begins: number | undefined
  let told: { readonly name?: string, readonly size?: number } = {}
  while (at + TAR_BLOCK_BYTES <= sizeBytes) {
    const block = await bytesAt(deps, tree, at, TAR_BLOCK_BYTES)
    const header = readTarHeader(block)
    if (header === undefined || header === 'empty') return
    const dataStart = at + TAR_BLOCK_BYTES * (header.goesOn ? await extraBlocks(deps, tree, at + TAR_BLOCK_BYTES) : 1)
    begins ??= at
    if ('xgLK'.includes(header.type)) {
      const data = await bytesAt(deps, tree, dataStart, Math.min(header.sizeBytes, MAX_SIDE_BYTES))
      if (header.type === 'L') told = { ...told, name: untilZero(data) }
      if (header.type === 'x') told = { ...told, ...nameIn(data), ...sizeIn(data) }
      at = dataStart + padded(header.sizeBytes)
      continue
    }
    const size = told.size ?? header.sizeBytes
    const end = dataStart + padded(size)
    yield { name: told.name ?? nameOf(block), start: begins, dataStart, dataEnd: dataStart + size, end }
    at = end
    begins = undefined
    told = {}
  }
}

async function bytesAt (deps: TreeReaderDeps, tree: Tree, start: number, sizeBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of readRange(deps, tree, { start, end: Math.min(start + sizeBytes, tree.root.sizeBytes) })) parts.push(part)
  return concatBytes(...parts)
}

/** GNU: blocks about a sparse file, each of which says whether one more follows. */
async function extraBlocks (deps: TreeReaderDeps, tree: Tree, from: number): Promise<number> {
  for (let count = 1; count < 1_000_000; count++) {
    const block = await bytesAt(deps, tree, from + (count - 1) * TAR_BLOCK_BYTES, TAR_BLOCK_BYTES)
    if (block[504] === undefined || block[504] === 0) return count + 1
  }
  return 1
}

const padded = (size: number): number => Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES
const untilZero = (bytes: Uint8Array): string => UTF8.decode(bytes.subarray(0, bytes.includes(0) ? bytes.indexOf(0) : bytes.length))

function nameOf (block: Uint8Array): string {
  const name = untilZero(block.subarray(0, 100))
  const prefix = UTF8.decode(block.subarray(257, 263)) === 'ustar\0' ? untilZero(block.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

function nameIn (pax: Uint8Array): { readonly name?: string } {
  for (let at = 0; at < pax.length;) {
    const space = pax.indexOf(32, at)
    const length = space < 0 ? NaN : Number(UTF8.decode(pax.subarray(at, space)))
    if (!Number.isSafeInteger(length) || length <= space - at + 1) return {}
    const record = UTF8.decode(pax.subarray(space + 1, at + length - 1))
    if (record.startsWith('path=')) return { name: record.slice(5) }
    at += length
  }
  return {}
}

function sizeIn (pax: Uint8Array): { readonly size?: number } {
  const size = paxSize(pax)
  return size === undefined ? {} : { size }
}
