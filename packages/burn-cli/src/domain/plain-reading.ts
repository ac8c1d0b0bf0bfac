/**
 * Reads a plain message from blocks that are verified against their CIDs, and takes nothing but its layout: a hostile tree ends at the first
 * node that is not part of one. Spec: docs/protocols/burn-plain.md, "Layout".
 */
import { decode, type PBNode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { LEAF_BYTES, MAX_LINKS } from './limits.ts'
import { DAG_PB_CODEC, isPayloadCid, RAW_CODEC } from './payload-layout.ts'
import { MAX_PLAIN_BYTES, MAX_PLAIN_LEVELS, RANDOM_BYTES, RANDOM_NAME } from './plain-limits.ts'
import { isSafeName } from './record.ts'
import { altered } from './stream.ts'

/** @returns the block's bytes, verified; throws when it is not to be had */
export type GetBlock = (cid: CID) => Promise<Uint8Array>

export interface OpenedPlain {
  /** Safe to save under. */
  readonly name: string
  readonly sizeBytes: number
  /** Single use; a leaf at a time. @throws AppError CONTENT_ALTERED, what `get` throws */
  readonly content: AsyncGenerator<Uint8Array>
}

/** Fetches root, random bytes and the top of the file. @throws AppError CONTENT_ALTERED; what `get` throws */
export async function openPlain (get: GetBlock, root: CID): Promise<OpenedPlain> {
  const { name, file, random } = readFolder(await get(root))
  if ((await get(random)).length !== RANDOM_BYTES) throw altered(`'${RANDOM_NAME}' has not ${RANDOM_BYTES} bytes`)
  if (file.code === RAW_CODEC) {
    const leaf = await leafOf(get, file, undefined)
    return { name, sizeBytes: leaf.length, content: (async function * () { yield leaf })() }
  }
  const top = readFile(await get(file))
  return { name, sizeBytes: top.sizeBytes, content: below(get, top, 1) }
}

async function * below (get: GetBlock, node: FileNode, level: number): AsyncGenerator<Uint8Array> {
  for (const { cid, sizeBytes } of node.children) {
    if (cid.code === RAW_CODEC) { yield await leafOf(get, cid, sizeBytes); continue }
    if (level === MAX_PLAIN_LEVELS) throw altered(`the file has more than ${MAX_PLAIN_LEVELS} levels of nodes`)
    const child = readFile(await get(cid))
    if (child.sizeBytes !== sizeBytes) throw altered('a node has another size than its parent says')
    yield * below(get, child, level + 1)
  }
}

async function leafOf (get: GetBlock, cid: CID, sizeBytes: number | undefined): Promise<Uint8Array> {
  const bytes = await get(cid)
  if (bytes.length === 0 || bytes.length > LEAF_BYTES || (sizeBytes !== undefined && bytes.length !== sizeBytes)) throw altered(`a leaf has ${bytes.length} bytes`)
  return bytes
}

function readFolder (bytes: Uint8Array): { readonly name: string, readonly file: CID, readonly random: CID } {
  const { Data, Links } = decodeNode(bytes)
  if (Data?.length !== 2 || Data[0] !== 0x08 || Data[1] !== 0x01 || Links.length !== 2) throw altered('it is not the folder of a plain message')
  const random = Links.find(link => link.Name === RANDOM_NAME)
  const file = Links.find(link => link.Name !== RANDOM_NAME)
  if (random === undefined || file?.Name === undefined || !isSafeName(file.Name)) throw altered('its folder does not hold one file with a name')
  const [fileCid, randomCid] = [knownCid(file.Hash), knownCid(random.Hash)]
  if (randomCid.code !== RAW_CODEC) throw altered(`'${RANDOM_NAME}' is not a leaf`)
  return { name: file.Name, file: fileCid, random: randomCid }
}

interface FileNode { readonly sizeBytes: number, readonly children: ReadonlyArray<{ readonly cid: CID, readonly sizeBytes: number }> }

function readFile (bytes: Uint8Array): FileNode {
  const { Data, Links } = decodeNode(bytes)
  const sizes = readSizes(Data)
  if (Links.length === 0 || Links.length > MAX_LINKS || sizes.blocks.length !== Links.length) throw altered(`a node has ${Links.length} links`)
  if (sizes.file > MAX_PLAIN_BYTES || sizes.blocks.some(size => size === 0) || sizes.blocks.reduce((a, b) => a + b, 0) !== sizes.file) throw altered('the sizes in a node do not fit together')
  return { sizeBytes: sizes.file, children: Links.map((link, i) => ({ cid: knownCid(link.Hash), sizeBytes: sizes.blocks[i]! })) }
}

/** UnixFS message { Type (1): File (2), filesize (3), blocksizes (4), … } and no other field. */
function readSizes (data: Uint8Array | undefined): { readonly file: number, readonly blocks: readonly number[] } {
  const numbers = data === undefined ? [] : readNumbers(data)
  const [type, file, ...blocks] = numbers
  if (type?.field !== 0x08 || type.value !== 2 || file?.field !== 0x18 || blocks.some(({ field }) => field !== 0x20)) throw altered('a node is not part of a file')
  return { file: file.value, blocks: blocks.map(({ value }) => value) }
}

function readNumbers (data: Uint8Array): Array<{ readonly field: number, readonly value: number }> {
  const numbers: Array<{ field: number, value: number }> = []
  for (let at = 0; at < data.length;) {
    const field = data[at++]!
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = data[at++]
      if (byte === undefined || scale > 2 ** 42) throw altered('a node is not part of a file')
      value += (byte % 128) * scale
      if (byte < 128) break
    }
    numbers.push({ field, value })
  }
  return numbers
}

function decodeNode (bytes: Uint8Array): PBNode {
  if (bytes.length > LEAF_BYTES) throw altered(`a node has ${bytes.length} bytes`)
  try { return decode(bytes) } catch { throw altered('a node cannot be read') }
}

function knownCid (cid: CID): CID {
  if (!isPayloadCid(cid) || (cid.code !== RAW_CODEC && cid.code !== DAG_PB_CODEC)) throw altered('a link leads to a block of another kind')
  return cid
}
