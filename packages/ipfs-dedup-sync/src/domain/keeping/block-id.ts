import * as dagPb from '@ipld/dag-pb'
import { AppError } from '@ipkit/core/errors/app-error'

/** CIDs of the shelf as text: version 1, raw or dag-pb, SHA-256, base32. They are its keys as they are, so they are seldom taken apart. */
const FORM = /^baf(?:kre|ybe)i[a-h][a-z2-7]{50}[aeimquy4]$/
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const PREFIX = { leaf: 'bafkrei', node: 'bafybei' } as const
const DIGEST_BYTES = 32
/** Of the digest: the characters behind the prefix hold 2 bits of what stands before it, 256 of the digest and 2 of nothing. */
const BITS_BEFORE = 2

export const isBlockId = (text: string): boolean => FORM.test(text)

export const isNode = (cid: string): boolean => cid.startsWith(PREFIX.node)

/** @throws AppError CID_INVALID */
export function requireBlockId (text: string): void {
  if (isBlockId(text)) return
  throw new AppError('CID_INVALID', `'${text.slice(0, 80)}' is not a CID of version 1, raw or dag-pb, with SHA-256`, { exit: 'usage' })
}

/** @param cid a block id */
export function digestOf (cid: string): Uint8Array {
  const digest = new Uint8Array(DIGEST_BYTES)
  writeDigest(digest, 0, cid)
  return digest
}

/** @param cid a block id */
export function writeDigest (into: Uint8Array, at: number, cid: string): void {
  let bits = 0
  let held = 0
  for (let i = PREFIX.leaf.length, to = at; to < at + DIGEST_BYTES; i++) {
    const code = cid.charCodeAt(i)
    held = (held << 5 | (code >= 97 ? code - 97 : code - 24)) & 0xfff
    bits += i === PREFIX.leaf.length ? 5 - BITS_BEFORE : 5
    if (bits < 8) continue
    bits -= 8
    into[to++] = held >> bits & 0xff
  }
}

export function blockId (kind: 'leaf' | 'node', digest: Uint8Array): string {
  let text: string = PREFIX[kind]
  let held = 0
  let bits = BITS_BEFORE
  for (const byte of digest) {
    held = (held << 8 | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[held >> bits & 31]!
    }
  }
  return text + ALPHABET[held << (5 - bits) & 31]!
}

/**
 * The blocks that a block names, each once; none for a leaf.
 * @throws AppError BLOCK_INVALID where it is no dag-pb
 */
export function childrenOf (cid: string, bytes: Uint8Array): string[] {
  if (!isNode(cid)) return []
  try {
    return [...new Set(dagPb.decode(bytes).Links.map(link => link.Hash.toString()))]
  } catch (e) {
    throw new AppError('BLOCK_INVALID', `block ${cid} is not the dag-pb that its CID says`, { exit: 'refused', cause: e })
  }
}
