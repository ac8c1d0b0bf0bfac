import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'

const LONGEST_TEXT = 512

/**
 * True for the canonical text of a CID: version 0 in base58btc (`Qm…`) or version 1 in lower-case base32 (`b…`), with every
 * number in its shortest form and no stray bits. Anything else that denotes the same content is another spelling of it.
 */
export function isCanonicalCid (text: string): boolean {
  if (!/^(?:Qm|b)[a-zA-Z0-9]+$/.test(text) || text.length > LONGEST_TEXT) return false
  try {
    const cid = CID.parse(text)
    return CID.create(cid.version, cid.code, createDigest(cid.multihash.code, cid.multihash.digest)).toString() === text
  } catch {
    return false
  }
}
