import { createHash } from 'node:crypto'
import { encodeNode, leafLink, nodeLink, type TreeLink } from '../../src/domain/tree/tree-node.ts'

export interface MadeBlock { readonly cid: string, readonly bytes: Uint8Array, readonly link: TreeLink }

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

export function leaf (content: string | Uint8Array): MadeBlock {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const link = leafLink(sha256(bytes), bytes.length)
  return { cid: link.cid.toString(), bytes, link }
}

export function node (...children: readonly MadeBlock[]): MadeBlock {
  const bytes = encodeNode(children.map(child => child.link))
  const link = nodeLink(bytes, children.map(child => child.link), sha256)
  return { cid: link.cid.toString(), bytes, link }
}

/** Bytes that do not compress, the same for the same seed. */
export function noise (seed: string, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let at = 0, i = 0; at < sizeBytes; at += 32, i++) bytes.set(sha256(new TextEncoder().encode(`${seed} ${i}`)).subarray(0, Math.min(32, sizeBytes - at)), at)
  return bytes
}
