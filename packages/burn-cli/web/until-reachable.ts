import { codeOf } from '@ipkit/core/errors/code-of'
import type { Clock } from '@ipkit/core/time/clock'
import { Refusal } from '../src/domain/refusal.ts'
import type { Screen, View } from './screen.ts'
import * as screens from './screens.ts'

export interface Step {
  readonly phase: 'looking' | 'fetching' | 'opening'
  /** What is shown while it is tried. */
  screen(): Screen
  /** How far it got; for `fetching`. */
  percent?(): number
}

const WAIT_SECONDS = [3, 5, 10, 20, 30]

/** Does something with the sender, again and again while the sender cannot be reached. Other errors pass through. */
export async function untilReachable<T> ({ view, clock }: { readonly view: View, readonly clock: Clock }, step: Step, work: () => Promise<T>): Promise<T> {
  let percent = 0
  for (let tries = 0; ; tries++) {
    view.show(step.screen())
    try {
      return await work()
    } catch (e) {
      const busy = codeOf(e) === 'SENDER_BUSY' || (e instanceof Refusal && e.reason === 'busy')
      if (!busy && codeOf(e) !== 'SENDER_UNREACHABLE') throw e
      const now = step.percent?.() ?? 0
      if (now > percent) tries = 0 // it moves on: do not wait longer and longer
      percent = now
      await wait(view, clock, WAIT_SECONDS[Math.min(tries, WAIT_SECONDS.length - 1)]!, left => busy ? screens.busySender(left) : screens.unreachable(step.phase, left, percent))
    }
  }
}

/** @param screen what to show with so many seconds left */
async function wait (view: View, clock: Clock, seconds: number, screen: (left: number) => Screen): Promise<void> {
  let asked = false
  const act = (async () => { while ((await view.act()).kind !== 'retry') continue })().then(() => { asked = true })
  view.show(screen(seconds))
  for (let left = seconds; left > 0 && !asked; left--) {
    view.progress(screen(left).progress!)
    await Promise.race([act, clock.sleep(1000)])
  }
}
