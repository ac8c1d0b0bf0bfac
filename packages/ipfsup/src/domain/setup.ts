/** What `init` and `self` do to the machine. */
export interface Setup {
  /** The shim, the shell's file and the block for it, without doing anything. */
  plan(): Promise<SetupPlan>
  writeShim(): Promise<void>
  /** Adds the block, or replaces an older one; mode kept, links followed. */
  addToPath(plan: SetupPlan): Promise<void>
  /** @returns the files that it was taken out of */
  removeFromPath(): Promise<readonly string[]>
  /** Shim, state and settings; releases and repos stay. */
  removeHome(): Promise<void>
  /** How ipfsup itself came to this machine. */
  ownInstall(): Promise<{ readonly kind: 'npm-global', readonly prefix: string } | { readonly kind: 'other', readonly folder: string }>
  /** @returns the version that is there now @throws AppError SELF_NOT_NPM (exit refused), NPM_MISSING, NPM_FAILED */
  updateSelf(signal: AbortSignal): Promise<string>
}

export interface SetupPlan {
  readonly shim: string
  readonly shimState: 'missing' | 'current' | 'outdated' | 'foreign'
  /** bash, zsh, fish, sh */
  readonly shell: string
  /** The file that PATH is set in. */
  readonly shellFile: string
  readonly block: string
  readonly blockState: 'missing' | 'current' | 'outdated'
  /** Whether the shim is what `ipfs` means in the PATH of this process; else what is, or undefined. */
  readonly found: string | undefined
}
