import { AppError } from '@ipkit/core/errors/app-error'
import { CID } from 'multiformats/cid'
import { parseTarget } from './name-target.ts'

/** What may be published: `/ipfs/<cid>` or `/ipns/<name>`, each with a path behind it. @throws AppError RECORD_VALUE_INVALID */
export function checkValue (value: string): void {
  const [, space, first = ''] = /^\/(ipfs|ipns)\/([^/]+)/u.exec(value) ?? []
  if (space === undefined) throw invalid(value, 'is neither /ipfs/… nor /ipns/…')
  try {
    if (space === 'ipfs') CID.parse(first)
    else parseTarget(first)
  } catch (e) {
    throw invalid(value, space === 'ipfs' ? 'does not begin with a CID' : 'does not begin with a name', e)
  }
}

const invalid = (value: string, problem: string, cause?: unknown): AppError =>
  new AppError('RECORD_VALUE_INVALID', `the value ${JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)} ${problem}`, { exit: 'usage', hints: ['it looks like /ipfs/<cid> or /ipns/<name>'], cause })
