import { isAppError } from '@ipkit/core/errors/app-error'
import { messageOf } from '@ipkit/core/errors/code-of'

/** One thing that was looked at. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'broken'
  readonly message: string
  /** A command to run, or what to change; with every broken one. */
  readonly cure?: string
}

/**
 * What the doctor can look at; each throws an AppError where something is wrong (its first hint is the cure), and returns what it
 * saw where all is well. Nothing here starts a node or mends anything.
 */
export interface DoctorProbes {
  /** Each is tried, in this order; one that throws does not keep the next from being tried. */
  readonly checks: ReadonlyArray<{ readonly name: string, look(): Promise<string> }>
  /** Takes the machine's clock as right from now on. */
  acceptClock(): Promise<void>
}

export async function * examine (probes: Pick<DoctorProbes, 'checks'>): AsyncGenerator<Finding> {
  for (const { name, look } of probes.checks) {
    try {
      yield { check: name, state: 'ok', message: await look() }
    } catch (e) {
      const cure = isAppError(e) ? e.hints[0] : undefined
      yield { check: name, state: 'broken', message: messageOf(e).split('\n')[0]!, cure: cure ?? "see 'ipkit logs'" }
    }
  }
}
