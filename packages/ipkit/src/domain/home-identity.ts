/** The home's key, at rest. */
export interface HomeIdentity {
  /** Undefined when there is no key yet. @throws AppError KEY_FILE_DAMAGED, KEY_FILE_EXPOSED */
  inspect(): Promise<{ readonly peerId: string, readonly sealed: boolean } | undefined>
  /**
   * Seals the key and all named keys under `next`, or stores them in the clear when that is undefined; makes the key when there is none.
   * @param current asked only when the key is sealed now
   * @throws AppError PASSPHRASE_WRONG, PASSPHRASE_EMPTY
   */
  changePassphrase(next: string | undefined, current: () => Promise<string>): Promise<void>
}
