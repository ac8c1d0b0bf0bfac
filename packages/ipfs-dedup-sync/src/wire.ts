/** Messages of `/ipkit/dedup-sync/1.0.0` as bytes: strict, pure. Spec: docs/protocols/dedup-sync.md, "Messages". */
import { AppError } from '@ipkit/core/errors/app-error'
import { array, boolean, bytes, check, integer, literal, nullable, string, variant, type Infer, type Schema } from '@ipkit/core/schema/schema'
import { decodeStrict, encodeStrict, type CborValue } from '@ipkit/core/streams/strict-cbor'
import { CID } from 'multiformats/cid'
import { badMessage } from './domain/moving/compact-bytes.ts'
import { TREE_NAMES } from './domain/tree/root-directory.ts'
import { MAX_LEVELS } from './domain/tree/tree-limits.ts'
import { MAX_BODY_BYTES, MAX_COMMIT_BYTES, MAX_COMMITS, MAX_HAVE, MAX_HEAD_BYTES, MAX_NAME_CHARS, MAX_PLAN_LEAF_BYTES, MAX_RANGES, MAX_RECORD_BYTES } from './domain/wire-limits.ts'

export const DEDUP_SYNC_PROTOCOL = '/ipkit/dedup-sync/1.0.0'

/** What a peer is told when it gets nothing. Never why. */
export const ERROR_CODES = ['not-here', 'bad-request', 'busy', 'failed', 'not-wanted'] as const
export type ErrorCode = typeof ERROR_CODES[number]

const CODECS: ReadonlySet<number> = new Set([0x55, 0x70])
const SHA2_256 = 0x12
const DIGEST_BYTES = 32

/** Of a block that may be on the shelf, in its canonical text. */
const cidOf = (codecs: ReadonlySet<number>): Schema<string> => ({
  read (value, path) {
    const cid = CID.asCID(value)
    if (cid === null || cid.version !== 1 || !codecs.has(cid.code) || cid.multihash.code !== SHA2_256 || cid.multihash.digest.length !== DIGEST_BYTES) throw new AppError('BAD_VALUE', `${path} is no CID of such a block`)
    return cid.toString()
  },
})
const blockCid = cidOf(CODECS)
const commitCid = cidOf(new Set([0x71]))
const name = string({ min: 1, max: MAX_NAME_CHARS, pattern: /^[a-z0-9]+$/i, what: 'an IPNS name' })

export const FORMS = ['raw', 'deflate'] as const
export type Form = typeof FORMS[number]
const body = { form: literal(...FORMS), sizeBytes: integer({ max: MAX_BODY_BYTES }) }

const REQUEST = variant('type', {
  plan: { root: blockCid, have: array(blockCid, { max: MAX_HAVE }), leafBytes: integer({ max: MAX_PLAN_LEAF_BYTES }), dry: boolean() },
  blocks: {
    root: blockCid,
    path: literal(...TREE_NAMES),
    height: integer({ max: MAX_LEVELS }),
    base: nullable(blockCid),
    ranges: array(array(integer(), { min: 2, max: 4 }), { min: 1, max: MAX_RANGES }),
    squeeze: boolean(),
  },
  head: { name, from: nullable(commitCid), until: nullable(commitCid) },
  offer: { root: blockCid, name: nullable(name), sizeBytes: integer() },
})

const ANSWER = variant('type', {
  plan: { bases: array(integer({ max: MAX_HAVE - 1 }), { max: MAX_HAVE }), directory: boolean(), names: array(literal(...TREE_NAMES), { min: 1, max: TREE_NAMES.length }), ...body },
  estimate: { planBytes: integer(), leftBlocks: integer(), leftBytes: integer() },
  part: body,
  head: { record: bytes({ min: 1, max: MAX_RECORD_BYTES }), commits: array(bytes({ min: 1, max: MAX_COMMIT_BYTES }), { max: MAX_COMMITS }) },
  progress: { doneBytes: integer(), totalBytes: integer() },
  taken: { receivedBytes: integer(), sentBytes: integer(), roundTrips: integer() },
  error: { code: literal(...ERROR_CODES) },
})

export type SyncRequest = Infer<typeof REQUEST>
export type SyncAnswer = Infer<typeof ANSWER>
export type Request<T extends SyncRequest['type']> = Extract<SyncRequest, { type: T }>
export type Answer<T extends SyncAnswer['type']> = Extract<SyncAnswer, { type: T }>

export function encodeRequest (request: SyncRequest): Uint8Array {
  switch (request.type) {
    case 'plan': return encodeStrict({ ...request, root: CID.parse(request.root), have: request.have.map(cid => CID.parse(cid)) })
    case 'blocks': return encodeStrict({ ...request, root: CID.parse(request.root), base: request.base === null ? null : CID.parse(request.base) })
    case 'head': return encodeStrict({ ...request, from: request.from === null ? null : CID.parse(request.from), until: request.until === null ? null : CID.parse(request.until) })
    case 'offer': return encodeStrict({ ...request, root: CID.parse(request.root) })
  }
}

export const encodeAnswer = (answer: SyncAnswer): Uint8Array => encodeStrict(answer as CborValue)

/** @throws AppError BAD_MESSAGE */
export function decodeRequest (frame: Uint8Array): SyncRequest {
  const request = decodeMessage(REQUEST, frame)
  if (request.type === 'plan' && new Set(request.have).size < request.have.length) throw badMessage('a root that is named twice')
  if (request.type === 'blocks') checkRanges(request)
  return request
}

/** @throws AppError BAD_MESSAGE */
export function decodeAnswer (frame: Uint8Array): SyncAnswer {
  const answer = decodeMessage(ANSWER, frame)
  if (answer.type === 'plan') {
    if (!rises(answer.bases)) throw badMessage('bases that are not in order')
    const allowed = answer.directory ? ['content recipe', 'content corrections recipe'] : ['content']
    if (!allowed.includes(answer.names.join(' '))) throw badMessage('trees that no root has')
  }
  return answer
}

function checkRanges ({ ranges, base, height }: Request<'blocks'>): void {
  let before = 0
  for (const [start = 0, end = 0, from, to] of ranges) {
    if (start < before || end <= start) throw badMessage('ranges that are empty or not in order')
    before = end
    if (from === undefined) continue
    if (base === null || height > 0 || to === undefined || to <= from) throw badMessage('a range without a base')
  }
}

const rises = (numbers: readonly number[]): boolean => numbers.every((n, i) => i === 0 || n > numbers[i - 1]!)

function decodeMessage<T> (schema: Schema<T>, frame: Uint8Array): T {
  if (frame.length > MAX_HEAD_BYTES) throw badMessage(`${frame.length} bytes; the limit is ${MAX_HEAD_BYTES}`)
  try { return check(schema, decodeStrict(frame), 'message') } catch (e) { throw badMessage((e as Error).message) }
}
