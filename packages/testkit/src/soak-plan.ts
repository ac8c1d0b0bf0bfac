/**
 * A test that needs its full count to mean something: `*.soak.ts` files export one as `soak`. `pnpm soak` runs all rounds, in parts;
 * a jest test beside it runs the first few of the same rounds.
 */
export interface SoakPlan {
  /** Names it on the command line and in the state file. */
  readonly name: string
  readonly rounds: number
  /**
   * One round; leaves no process, port or folder behind, but for what `end` clears away. Everything random in it comes from `seed`, so that a failure can be
   * run again. A throw is a failure.
   * @param seed 32 bits
   */
  round(seed: number): Promise<void>
  /** Clears away what rounds share. Called after the last one, and after a failure. */
  end?(): Promise<void>
}
