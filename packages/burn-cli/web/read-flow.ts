/** From a link to a message that is read: which screen follows which, and when the sender is asked. */
import { isAppError } from '@ipkit/core/errors/app-error'
import type { Clock } from '@ipkit/core/time/clock'
import type { InboxAnswer } from '../src/domain/inbox-desk.ts'
import { parseWebFragment, type WebSecret } from '../src/domain/link.ts'
import type { MessageInfo } from '../src/domain/message-desk.ts'
import { Refusal } from '../src/domain/refusal.ts'
import { requireClaimable } from '../src/protocol.ts'
import type { KeptKeys } from './kept-keys.ts'
import { codeOf } from '@ipkit/core/errors/code-of'
import { showContent, type Content, type Keepsakes } from './show-content.ts'
import { collectContent } from './collect-content.ts'
import { WebRead, type WebReadDeps } from './read-message.ts'
import * as screens from './screens.ts'
import type { View } from './screen.ts'
import { untilReachable } from './until-reachable.ts'

export interface FlowDeps extends WebReadDeps, Keepsakes {
  readonly view: View
  readonly clock: Clock
  readonly kept: KeptKeys
  randomBytes(sizeBytes: number): Uint8Array
}

/** @param fragment what stands after # in the address; '' for none. Resolves when nothing more can happen. */
export async function readFlow (deps: FlowDeps, fragment: string): Promise<void> {
  const secret = parse(deps.view, fragment)
  if (secret === undefined) return
  const read = new WebRead(deps, secret)
  for (;;) {
    try {
      await readOnce(deps, read)
      return
    } catch (e) {
      if (!await recover(deps, read, e)) return
    }
  }
}

function parse (view: View, fragment: string): WebSecret | undefined {
  if (fragment === '') { view.show(screens.noLink); return undefined }
  try {
    return parseWebFragment(fragment)
  } catch (e) {
    view.show(codeOf(e) === 'LINK_VERSION' ? screens.newerLink : screens.damagedLink)
    return undefined
  }
}

async function readOnce (deps: FlowDeps, read: WebRead): Promise<void> {
  const { view, clock } = deps
  const claimedBefore = deps.kept.get(read.id) !== undefined
  const info = await untilReachable(deps, { phase: 'looking', screen: () => screens.looking }, async () => await read.look())
  requireClaimable(info, claimedBefore)
  const meter = progressMeter(clock)
  let done = 0
  await untilReachable(deps, {
    phase: 'fetching',
    percent: () => Math.floor(done * 100),
    screen: () => screens.fetching(info, clock.now(), meter.start(read.fetchedBytes, info.sizeBytes)),
  }, async () => {
    await read.fetch((bytes, total) => {
      done = bytes / total
      view.progress(meter.at(bytes, total))
    })
  })
  if (info.lockedUntilMs !== null && !claimedBefore) throw new Refusal('locked', info.lockedUntilMs)
  await showContent(deps, await openWhenAsked(deps, read, info))
}

/** Waits for the click, and for as many passphrases as it takes. */
async function openWhenAsked (deps: FlowDeps, read: WebRead, info: MessageInfo): Promise<Content> {
  const { view, clock, kept } = deps
  let wrong: string | undefined
  for (;;) {
    const resumed = kept.get(read.id) !== undefined && info.claimedAtMs.length > 0
    view.show(screens.waiting(info, clock.now(), resumed, wrong))
    const act = await view.act()
    if (act.kind !== 'reveal') continue
    if (info.passphrase && act.passphrase === '') { wrong = screens.EMPTY_PASSPHRASE; continue }
    try {
      return await open(deps, read, info, act.passphrase)
    } catch (e) {
      if (codeOf(e) === 'PASSPHRASE_INVALID') wrong = screens.BAD_PASSPHRASE
      else if (codeOf(e) === 'PASSPHRASE_WRONG') wrong = screens.WRONG_PASSPHRASE
      // The sender believes a key that it has counted, so it did not look at the passphrase this time.
      else if (codeOf(e) === 'KEY_WRONG' && info.passphrase) wrong = screens.WRONG_PASSPHRASE_AGAIN
      else throw e
    }
  }
}

async function open (deps: FlowDeps, read: WebRead, info: MessageInfo, passphrase: string): Promise<Content> {
  const { view } = deps
  let stretched: Uint8Array | undefined
  if (info.passphrase) {
    view.show(screens.working('stretch'))
    await deps.pause()
    stretched = await read.stretch(passphrase)
  }
  const { key, answer } = await claim(deps, read, stretched)
  const D = await read.openAnswer(answer, key)
  view.show(screens.working('decrypt'))
  const record = await read.decrypt(D, stretched, (done, total) => { view.progress({ ...screens.working('decrypt').progress!, done: done / total }) })
  const content = await collectContent(record)
  return {
    ...content,
    leaseUntilMs: answer.leaseUntilMs,
    shared: info.reads > 1,
    acknowledge: async () => { await read.acknowledge(answer, D) },
    forget: () => { deps.kept.drop(read.id); D.fill(0) },
  }
}

async function claim (deps: FlowDeps, read: WebRead, stretched: Uint8Array | undefined): Promise<{ key: Uint8Array, answer: InboxAnswer }> {
  let key = deps.kept.get(read.id)
  if (key === undefined) {
    key = deps.randomBytes(32)
    deps.kept.keep(read.id, key) // before the claim leaves: a reload can then go on
  }
  const made = key
  return { key, answer: await untilReachable(deps, { phase: 'opening', screen: () => screens.working('claim') }, async () => await read.claim(made, stretched)) }
}

/** Shows what went wrong. @returns true when the user wants to try again */
async function recover ({ view, clock, kept }: FlowDeps, read: WebRead, e: unknown): Promise<boolean> {
  if (e instanceof Refusal) {
    switch (e.reason) {
      case 'unknown': case 'claimed': case 'read': case 'unconfirmed': case 'expired': case 'revoked':
        kept.drop(read.id)
        view.show(screens.gone(e.reason, e.atMs, clock.now()))
        return false
      case 'locked': await waitForLock(view, clock, e.atMs ?? clock.now()); return true
      case 'failed': view.show(screens.failedSender()); break
      case 'bad-key': kept.drop(read.id); view.show(screens.strange(e.message)); break
      default: view.show(screens.strange(e.message))
    }
  } else if (codeOf(e) === 'MESSAGE_TOO_LARGE') {
    view.show(screens.tooLarge)
    return false
  } else if (ALTERED.has(codeOf(e) ?? '')) {
    view.show(screens.altered(codeOf(e) === 'KEY_WRONG' || codeOf(e) === 'ANSWER_ALTERED'))
  } else {
    view.show(screens.strange(isAppError(e) ? e.message : String(e)))
  }
  while ((await view.act()).kind !== 'retry') continue
  return true
}

const ALTERED = new Set(['CONTENT_ALTERED', 'PAYLOAD_VERSION', 'KEY_WRONG', 'ANSWER_ALTERED', 'BAD_MESSAGE', 'CBOR_INVALID', 'FRAME_TOO_LARGE'])

/** Counts down; goes on by itself when the time is over, unless our clock and the sender's do not agree about that. */
async function waitForLock (view: View, clock: Clock, untilMs: number): Promise<void> {
  const wasOver = untilMs <= clock.now()
  let asked = false
  const act = (async () => { while ((await view.act()).kind !== 'retry') continue })().then(() => { asked = true })
  while (!asked) {
    view.show(screens.locked(untilMs, clock.now()))
    if (untilMs <= clock.now() && !wasOver) return
    await Promise.race([act, clock.sleep(1000)])
  }
}

/** How fast it goes, over the last seconds. */
function progressMeter (clock: Clock): { start(done: number, total: number): { step: string, done: number }, at(done: number, total: number): { step: string, done: number, detail: string } } {
  let samples: Array<{ at: number, bytes: number }> = []
  return {
    start (bytes, total) {
      samples = [{ at: clock.now(), bytes }]
      return { step: screens.FETCHING, done: bytes / total }
    },
    at (bytes, total) {
      const now = clock.now()
      samples = [...samples.filter(s => now - s.at < 5000), { at: now, bytes }]
      const first = samples[0]!
      const perSecond = now - first.at < 500 ? undefined : (bytes - first.bytes) * 1000 / (now - first.at)
      return { step: screens.FETCHING, done: bytes / total, detail: screens.progressDetail(bytes, total, perSecond) }
    },
  }
}
