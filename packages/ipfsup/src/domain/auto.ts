/** Automatic updates: off unless turned on, at most once a day, never in the shim's path. */
export interface Auto {
  /** Asks the machine's scheduler (systemd's user timers, launchd) to run `ipfsup auto run` daily. @returns undefined: there is none here */
  schedule(on: boolean): Promise<{ readonly scheduler: string, readonly file: string } | undefined>
  scheduled(): Promise<{ readonly scheduler: string, readonly file: string } | undefined>
  /** Starts `ipfsup auto run` in the background and does not wait, if `auto` is on and the last look is over a day ago. */
  runBehind(): Promise<void>
}
