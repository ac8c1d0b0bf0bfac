/** Process exit codes. A published contract: append, never renumber. `docs/cli.md` lists the same table and a test compares them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  notFound: 4,
  unreachable: 5,
  timedOut: 6,
  busy: 7,
  refused: 8,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const
export type ExitName = keyof typeof EXIT
