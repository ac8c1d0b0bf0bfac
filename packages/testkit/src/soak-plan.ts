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

/**
 * One whose rounds go through every place of something measured, each exactly once, in the order of walk-order.ts. `pnpm soak` goes the
 * whole way; a jest test goes the first few steps.
 */
export interface WalkPlan extends Omit<SoakPlan, 'rounds' | 'round'> {
  /** Lines by name, and how many places there are along each. Asked once, when a walk begins; all of it keeps to that answer. */
  lengths(): Promise<Readonly<Record<string, number>>>
  /** As `SoakPlan.round`. @param place as walk-order.ts writes it: 'up:1207' */
  round(place: string): Promise<void>
}
