import type { InstalledRelease } from './release-store.ts'

/** The Kubo repo at `$IPFS_PATH`. A js release has its own at `$IPFS_PATH/js-repo`, which nothing here touches. */
export interface IpfsRepo {
  /** What `$IPFS_PATH/version` holds; undefined: there is no repo. @throws AppError REPO_UNREADABLE */
  version(): Promise<number | undefined>
  /** In words who uses the repo now: a daemon that answers at `api`, a process that has `repo.lock`; undefined: nobody. */
  busy(): Promise<string | undefined>
  /** Has `newer` migrate the repo down, then reads `version` again. @throws AppError MIGRATION_FAILED (exit failed), REPO_BUSY (exit busy) */
  migrateDown(newer: InstalledRelease, toRepoVersion: number, signal: AbortSignal): Promise<void>
  /** Copies `config` beside itself, mode kept. @returns the copy's path; undefined: there is no config */
  backUpConfig(): Promise<string | undefined>
  /**
   * Writes `Update.Version` into `config`, atomically and with its mode, if there is a config and nobody uses the repo.
   * @returns 'pending': no config yet, or in use; 'edited': it holds a value that ipfsup never wrote, and stays
   */
  mirror(version: string): Promise<'written' | 'same' | 'pending' | 'edited'>
  /** `Update.Version` as it stands, and what ipfsup last wrote. */
  mirrored(): Promise<{ readonly config: string | undefined, readonly written: string | undefined }>
}
