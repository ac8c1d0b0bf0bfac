/** What may be published, as the path that a record holds. Spec: docs/protocols/ipnsup-rules.md, "Publishing". Pure. */
import { AppError } from '@ipkit/core/errors/app-error'
import { isCanonicalCid } from '@ipkit/core/link/content-cid'
import { parseName } from '@ipkit/core/names/ipns-name'
import { isDomain } from './domain-name.ts'
import { MAX_PATH_CHARACTERS } from './limits.ts'

const SCHEME = /^(ipfs|ipns):\/\//
const HINTS = ['give a CID, /ipfs/<cid>[/path] or /ipns/<name>[/path]']

/**
 * @param text a CID, an IPNS name, `/ipfs/…`, `/ipns/…`, or either as `ipfs://…`
 * @returns the path; an IPNS name in it in its canonical form, the rest as typed. Of what it returns it returns the same
 * @throws AppError RECORD_VALUE_INVALID, NAME_INVALID
 */
export function publishedValue (text: string): string {
  if (text.length > MAX_PATH_CHARACTERS) throw invalid(text, `it has ${text.length} characters, the limit is ${MAX_PATH_CHARACTERS}`)
  const path = text.replace(SCHEME, '/$1/')
  if (!path.startsWith('/')) return bareValue(text)
  const [, kind, root = '', ...rest] = path.split('/')
  const below = rest.length === 0 ? '' : `/${rest.join('/')}`
  if (kind === 'ipfs') return `${ipfsPath(text, root)}${below}`
  if (kind === 'ipns') return `/ipns/${isDomain(root) ? root : parseName(root).text}${below}`
  throw invalid(text, 'a record of ours names a path below /ipfs/ or /ipns/')
}

function ipfsPath (text: string, cid: string): string {
  if (!isCanonicalCid(cid)) throw invalid(text, 'no CID stands behind /ipfs/', [...HINTS, 'a CID is Qm… or b… in lower case'])
  return `/ipfs/${cid}`
}

/** Qm… may be either; content is what is published most. */
function bareValue (text: string): string {
  if (!text.startsWith('Qm')) {
    try { return `/ipns/${parseName(text).text}` } catch { /* a CID, or nothing */ }
  }
  if (!isCanonicalCid(text)) throw invalid(text, 'it is neither a CID nor a path')
  return `/ipfs/${text}`
}

function invalid (text: string, problem: string, hints: readonly string[] = HINTS): AppError {
  return new AppError('RECORD_VALUE_INVALID', `cannot publish ${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)}: ${problem}`, { exit: 'usage', hints })
}
