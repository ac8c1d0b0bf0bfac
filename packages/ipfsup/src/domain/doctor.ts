/** One known trouble and its cure; `ok` where there is none. */
export interface Finding {
  /** Stable: shim, path, default, mirror, repo, js-repo, leftovers, lock-file, origins, npm, permissions */
  readonly check: string
  readonly ok: boolean
  readonly message: string
  /** The command to run; undefined where all is well. */
  readonly cure: string | undefined
}

export interface Doctor { look(signal: AbortSignal): AsyncIterable<Finding> }
