import type { Ran } from '@ipkit/testkit/person'

/** @throws Error with what the command said, when it failed */
export function succeeded (ran: Ran): Ran {
  if (ran.exit !== 0) throw new Error(`a command failed with ${ran.exit}:\n${ran.stderr}`)
  return ran
}
