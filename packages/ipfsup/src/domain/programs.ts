import type { InstalledRelease } from './release-store.ts'

/** Runs what is installed. */
export interface Programs {
  /**
   * On our own stdin, stdout and stderr, with signals passed on; environment as `shim-script.ts` gives it.
   * @returns its exit code, 128 + n when signal n ended it
   * @throws AppError PROGRAM_FAILED when it cannot be started
   */
  run(release: InstalledRelease, args: readonly string[]): Promise<number>
}
