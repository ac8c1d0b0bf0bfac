/** What the process and the machine say about themselves. Made once, in a composition root, and passed down. */
export interface HostFacts {
  readonly platform: string
  /** Effective user id. */
  readonly euid: number
  /** Effective group id. */
  readonly egid: number
  readonly pid: number
  /** Absolute path of the running node binary. */
  readonly execPath: string
  /** The user's home directory, from the account database when HOME is not set; undefined when there is none. */
  readonly userHome: string | undefined
}

type ProcessLike = Pick<NodeJS.Process, 'platform' | 'pid' | 'execPath'> & Partial<Pick<NodeJS.Process, 'geteuid' | 'getegid'>>

/** @param homedir `os.homedir`; it throws for a user without one */
export function hostFacts (process: ProcessLike, homedir: () => string): HostFacts {
  return {
    platform: process.platform,
    euid: process.geteuid?.() ?? -1,
    egid: process.getegid?.() ?? -1,
    pid: process.pid,
    execPath: process.execPath,
    get userHome () {
      try { return homedir() || undefined } catch { return undefined } // an account without a home directory
    },
  }
}
