import { isAppError } from '@ipkit/core/errors/app-error'
import type { Clock } from '@ipkit/core/time/clock'
import type { Request, SyncAnswer, SyncRequest } from '../../wire.ts'
import type { Shelf } from '../keeping/shelf.ts'
import { openRoot } from '../tree/root-directory.ts'
import type { TreeReaderDeps } from '../tree/open-tree.ts'
import { ANSWER_MS, MAX_COMMITS } from '../wire-limits.ts'
import { writeBatch, type BatchRange } from './block-batch.ts'
import { makePlan } from './make-plan.ts'
import type { HeadSource, OfferSink, ServePolicy } from './serving.ts'
import type { Squeeze } from './squeeze.ts'
import type { Turns } from './turns.ts'

export interface Answering {
  readonly shelf: Pick<Shelf, 'get' | 'has'>
  readonly policy: ServePolicy
  readonly heads: HeadSource
  readonly offers: OfferSink
  readonly squeeze: Squeeze
  readonly clock: Clock
  /** One for the whole node: how many plans are made at once. */
  readonly plans: Turns
}

/** An answer, and the frame behind it. */
export interface Said { readonly answer: SyncAnswer, readonly body?: Uint8Array }

/** What this node says to a request. Never throws for what the peer sent or the shelf lacks: says so by a code. */
export async function * answerRequest (deps: Answering, peer: string, request: SyncRequest, signal: AbortSignal): AsyncGenerator<Said> {
  try {
    if ((request.type === 'plan' || request.type === 'blocks') && !await isServed(deps, peer, request.root)) { yield error('not-here'); return }
    switch (request.type) {
      case 'plan': yield await deps.plans.run(async () => await answerPlan(deps, peer, request, signal), signal); return
      case 'blocks': yield * answerBlocks(deps, peer, request, signal); return
      case 'head': yield await answerHead(deps, peer, request); return
      case 'offer': yield * answerOffer(deps, peer, request, signal)
    }
  } catch (e) {
    signal.throwIfAborted()
    if (!isAppError(e)) throw e
    yield error(e.code === 'BAD_MESSAGE' ? 'bad-request' : 'failed')
  }
}

const error = (code: Extract<SyncAnswer, { type: 'error' }>['code']): Said => ({ answer: { type: 'error', code } })

async function isServed ({ policy, shelf }: Answering, peer: string, root: string): Promise<boolean> {
  return await policy.may(peer, root) && (await shelf.has([root]))[0] === true
}

const reading = ({ shelf }: Answering, signal: AbortSignal): TreeReaderDeps => ({ blocks: shelf, signal })

async function answerPlan (deps: Answering, peer: string, { root, have, leafBytes, dry }: Request<'plan'>, signal: AbortSignal): Promise<Said> {
  const bases: number[] = []
  for (const [i, base] of have.entries()) if (base !== root && await isServed(deps, peer, base)) bases.push(i)
  const { directory, names, body, left } = await makePlan(reading(deps, signal), { root, bases: bases.map(i => have[i]!), hasOther: have.length > 0, leafBytes })
  const { form, bytes } = await packed(deps.squeeze, body, true)
  if (dry) return { answer: { type: 'estimate', planBytes: bytes.length, leftBlocks: left.blocks, leftBytes: left.bytes } }
  return { answer: { type: 'plan', bases, directory, names: [...names], form, sizeBytes: body.length }, body: bytes }
}

async function * answerBlocks (deps: Answering, peer: string, { root, path, height, base, ranges, squeeze }: Request<'blocks'>, signal: AbortSignal): AsyncGenerator<Said> {
  const tree = (await openRoot(reading(deps, signal), root)).trees.find(({ name }) => name === path)?.tree
  if (tree === undefined || height > tree.height) { yield error('bad-request'); return }
  const known = base !== null && await isServed(deps, peer, base) ? (await openRoot(reading(deps, signal), base)).trees.find(({ name }) => name === path)?.tree : undefined
  if (base !== null && known === undefined) { yield error('bad-request'); return }
  const asked = ranges.map(([start = 0, end = 0, from, to]): BatchRange => from === undefined || to === undefined ? { start, end } : { start, end, base: { start: from, end: to } })
  for await (const body of writeBatch(reading(deps, signal), tree, height, asked, known)) {
    const { form, bytes } = await packed(deps.squeeze, body, squeeze)
    yield { answer: { type: 'part', form, sizeBytes: body.length }, body: bytes }
  }
}

/** Of a long body, so much of its middle says whether the rest is worth the time. */
const SAMPLE_BYTES = 16 * 1024

async function packed (squeeze: Squeeze, body: Uint8Array, wanted: boolean): Promise<{ form: 'raw' | 'deflate', bytes: Uint8Array }> {
  const middle = body.subarray(body.length >> 1, (body.length >> 1) + SAMPLE_BYTES)
  const pays = wanted && (body.length < SAMPLE_BYTES * 8 || (await squeeze.deflate(middle)).length < middle.length * 0.9)
  const small = pays ? await squeeze.deflate(body) : body
  return small.length < body.length ? { form: 'deflate', bytes: small } : { form: 'raw', bytes: body }
}

async function answerHead ({ heads }: Answering, peer: string, { name, from, until }: Request<'head'>): Promise<Said> {
  const found = await heads.head(peer, name, { from, until, atMost: MAX_COMMITS })
  return found === undefined ? error('not-here') : { answer: { type: 'head', record: found.record, commits: [...found.commits] } }
}

async function * answerOffer ({ offers, clock }: Answering, peer: string, { root, name, sizeBytes }: Request<'offer'>, signal: AbortSignal): AsyncGenerator<Said> {
  const stop = new AbortController()
  let progress = { doneBytes: 0, totalBytes: sizeBytes }
  const taking = offers.take(peer, { root, name, sizeBytes }, { signal: AbortSignal.any([signal, stop.signal]), onProgress: (doneBytes, totalBytes) => { progress = { doneBytes, totalBytes } } })
  taking.catch(() => {}) // seen below
  const waiting = new AbortController()
  try {
    for (;;) {
      const tick = clock.sleep(ANSWER_MS / 4, waiting.signal)
      tick.catch(() => {})
      const over = await Promise.race([taking.then(() => true), tick.then(() => false)])
      if (over) break
      yield { answer: { type: 'progress', ...progress } }
    }
    const moved = await taking
    yield moved === undefined ? error('not-wanted') : { answer: { type: 'taken', receivedBytes: moved.receivedBytes, sentBytes: moved.sentBytes, roundTrips: moved.roundTrips } }
  } finally {
    waiting.abort(new Error('no longer needed'))
    stop.abort(new Error('the offer was taken back')) // when whoever offers it is gone
  }
}
